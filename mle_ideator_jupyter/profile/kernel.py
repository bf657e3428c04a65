"""What the kernel has: Python, cores, memory, GPUs, machine-learning libraries. Imports none of them."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from mle_ideator_jupyter.facts import KernelFacts

_LIBRARIES = (
    "scikit-learn",
    "lightgbm",
    "xgboost",
    "catboost",
    "optuna",
    "skrub",
    "category_encoders",
    "imbalanced-learn",
    "torch",
    "pandas",
    "polars",
    "numpy",
    "scipy",
)
_GPU_SECONDS = 2.0


def kernel_facts() -> KernelFacts:
    """Return what this process may use. The first call asks for GPUs and may take as long as two seconds."""
    return KernelFacts(
        python=platform.python_version(),
        cores=_cores(),
        memory_mb=_memory_mb(),
        gpus=_gpus(),
        libraries=_libraries(),
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_mb() -> int:
    """Return the machine's memory, or the container's share of it where that is less."""
    import psutil

    total = int(psutil.virtual_memory().total)
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limit = Path(path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if limit.isdigit():
            total = min(total, int(limit))
    return total // 2**20


def _gpus() -> tuple[str, ...]:
    """Return GPU names from torch where the user has it running on one, else from nvidia-smi."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_initialized():  # to ask earlier would take GPU memory in the user's kernel
        return tuple(str(cuda.get_device_name(i)) for i in range(cuda.device_count()))
    return _nvidia()


@lru_cache(maxsize=1)
def _nvidia() -> tuple[str, ...]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GPU_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return tuple(line.strip() for line in lines if line.strip())


@lru_cache(maxsize=1)
def _libraries() -> dict[str, str]:
    found = {name: _version(name) for name in _LIBRARIES}
    return {name: version for name, version in found.items() if version is not None}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
