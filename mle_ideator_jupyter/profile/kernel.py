"""What the kernel has: Python, cores, memory, GPUs, machine-learning libraries. Imports none of them."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path

from mle_ideator_jupyter.facts import Gpu, KernelFacts

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
_GPU_FRESH = 10.0
"""Seconds for which what nvidia-smi said counts."""


def kernel_facts() -> KernelFacts:
    """Return what this process may use. The first call asks for GPUs and may take as long as two seconds."""
    return KernelFacts(
        python=platform.python_version(),
        cores=cores(),
        memory_mb=_memory_mb(),
        gpus=_gpus(),
        libraries=_libraries(),
        out_of_memory=_out_of_memory(),
    )


def cores() -> int:
    """Return how many cores this process may use."""
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


def _gpus() -> tuple[Gpu, ...]:
    """Return the GPUs as torch sees them where the user has it running on one, else as nvidia-smi does."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is None or not cuda.is_initialized():  # to ask earlier would take GPU memory in the user's kernel
        return _nvidia(int(time.monotonic() / _GPU_FRESH))
    found = []
    for index in range(cuda.device_count()):
        free, whole = cuda.mem_get_info(index)
        found.append(
            Gpu(
                name=str(cuda.get_device_name(index)),
                memory_mb=whole // 2**20,
                free_mb=free // 2**20,
                used_here_mb=cuda.memory_allocated(index) // 2**20,
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def _nvidia(_moment: int) -> tuple[Gpu, ...]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    command = [program, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GPU_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return tuple(_gpu(line) for line in lines if line.strip())


def _gpu(line: str) -> Gpu:
    name, *sizes = (part.strip() for part in line.split(","))
    whole, free = [int(size) if size.isdigit() else None for size in (*sizes, "", "")][:2]
    return Gpu(name=name, memory_mb=whole, free_mb=free)


def _out_of_memory() -> str:
    """Return the first line of the last error that reached the user, where that was memory running out."""
    error = getattr(sys, "last_value", None)
    kind = type(error)
    root = str(kind.__module__).split(".")[0]
    if kind is MemoryError or (root == "torch" and kind.__name__ == "OutOfMemoryError"):
        return f"{kind.__name__}: {error}".strip().splitlines()[0][:300]
    return ""


@lru_cache(maxsize=1)
def _libraries() -> dict[str, str]:
    found = {name: _version(name) for name in _LIBRARIES}
    return {name: version for name, version in found.items() if version is not None}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
