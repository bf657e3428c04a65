"""`import mle_ideator_jupyter` and loading the IPython extension, each against `import ipywidgets`, in fresh processes.

Floor: no slower (ratio at most 1), and none of the heavy libraries is loaded. For the extension both
sides run in a shell that is there already; what is timed is the loading alone.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from statistics import median

ROUNDS = 7
CEILING = 1.0
HEAVY = ["pandas", "numpy", "sklearn", "torch", "openai", "nbclient"]
SHELL = "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()"
EXTENSION = "shell.extension_manager.load_extension('mle_ideator_jupyter')"
PACKAGE = "import mle_ideator_jupyter"
REFERENCE = "import ipywidgets"


def run(before: str, timed: str) -> tuple[float, list[str]]:
    """Return the seconds that `timed` takes in a fresh process, and which heavy libraries it loads."""
    code = (
        f"import json, sys, time\n{before}\nhad = set(sys.modules)\nbegan = time.perf_counter()\n{timed}\n"
        f"took = time.perf_counter() - began\n"
        f"print(json.dumps([took, [m for m in {HEAVY!r} if m in sys.modules and m not in had]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    took, loaded = json.loads(done.stdout.splitlines()[-1])
    return took, loaded


def compare(name: str, before: str, timed: str) -> bool:
    """Measure in turns, print, and return whether the floor holds."""
    mine, reference, loaded = [], [], set()
    for _ in range(ROUNDS):
        took, heavy = run(before, timed)
        mine.append(took)
        loaded.update(heavy)
        reference.append(run(before, REFERENCE)[0])
    ratio = median(mine) / median(reference)
    print(f"{name}: {median(mine) * 1000:.1f} ms, {REFERENCE}: {median(reference) * 1000:.1f} ms, ratio {ratio:.2f}")
    if loaded:
        print(f"{name} loads {', '.join(sorted(loaded))}, and must not")
    return ratio <= CEILING and not loaded


def main() -> int:
    """Compare package and extension; return 1 when a floor does not hold."""
    if importlib.util.find_spec("ipywidgets") is None:
        print("skipped: ipywidgets, which is compared with, is not installed (pip install ipywidgets)")
        return 0
    kept = compare(PACKAGE, "", PACKAGE)
    found = subprocess.run(
        [sys.executable, "-c", f"{PACKAGE}; mle_ideator_jupyter.load_ipython_extension"],
        capture_output=True,
        check=False,
    )
    if found.returncode:
        print("the IPython extension: not measured, for there is none yet")
    else:
        kept = compare("load the IPython extension", SHELL, EXTENSION) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
