"""The house keeps its walls: what a plain import loads, and that versions agree."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = [
    "numpy",
    "pandas",
    "sklearn",
    "torch",
    "openai",
    "httpx",
    "httpx2",
    "nbclient",
    "nbformat",
    "IPython",
    "ipykernel",
    "narwhals",
]


def test_a_plain_import_loads_nothing_heavy():
    code = f"import sys, mle_ideator_jupyter; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_module_imports_without_the_heavy_ones():
    """Numerical libraries load where they are used, never because a module was imported."""
    package = ROOT / "mle_ideator_jupyter"
    names = sorted(
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for p in package.rglob("*.py")
    )
    code = (
        f"import sys, importlib\nfor name in {names!r}:\n    name.endswith('__main__') or importlib.import_module(name)\n"
        f"print([m for m in ('pandas', 'sklearn', 'torch', 'openai', 'httpx', 'httpx2', 'xllamacpp', 'polars', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_python_version_is_package_jsons():
    version = json.loads((ROOT / "package.json").read_text())["version"]
    assert importlib.metadata.version("mle_ideator_jupyter") == version


def test_files_stay_rooms_not_halls():
    long = {
        str(p.relative_to(ROOT)): n
        for folder, most in (("mle_ideator_jupyter", 350), ("benchmarks", 330), ("tests", 450))
        for p in (ROOT / folder).rglob("*.py")
        if (n := len(p.read_text().splitlines())) > most
    }
    assert not long
