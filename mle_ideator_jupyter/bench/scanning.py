"""Looks for signs that a solution looked for the answers: in its source, and in what the fence refused."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from mle_ideator_jupyter.bench.public import CARRIERS
from mle_ideator_jupyter.hosts.fence import Refusal


def carriers() -> dict[str, Path]:
    """Return the folders of the installed packages that carry public tasks' data, by import name."""
    found: dict[str, Path] = {}
    for name in CARRIERS:
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        tops = {f.parts[0] for f in package.files or () if len(f.parts) > 1}
        for top in tops:
            if not top.startswith(".") and not top.endswith((".dist-info", ".data")) and top not in {"tests", "docs"}:
                found[top] = Path(str(package.locate_file(top))).resolve()
    return found


def in_source(source: str, secret: Iterable[Path], able: Iterable[Path]) -> list[str]:
    """Return what a source names that it must not use: a carrier's import, or a path at or below a secret one."""
    names = carriers()
    secrets, allowed = tuple(secret), tuple(able)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [f"imports {a.name}" for a in node.names if a.name.partition(".")[0] in names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in names:
            found.append(f"imports {node.module}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.strip()
            if text in names:
                found.append(f"names {text}")
            elif text.startswith("/") and "\0" not in text and _secret(Path(text), secrets, allowed):
                found.append(f"names {text[:200]}")
    return list(dict.fromkeys(found))


def in_refusals(refused: Iterable[Refusal], secret: Iterable[Path]) -> list[str]:
    """Return, of what the fence refused, what was at, below or above a secret path; the rest are libraries' habits."""
    secrets = tuple(secret)
    said = []
    for request in refused:
        path = Path(request.path.rstrip(";"))
        above = request.event in {"os.listdir", "os.scandir"} and any(s.is_relative_to(path) for s in secrets)
        if above or any(path.is_relative_to(s) for s in secrets):
            said.append(f"{request.event} {request.path[:200]}")
    return said


def _secret(path: Path, secrets: tuple[Path, ...], able: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(s) for s in secrets) and not any(path.is_relative_to(a) for a in able)
