"""A fence around a trial's process: what its files are, enforced by the kernel where Linux has Landlock.

A trial must not be able to read the answers it is graded on. Whatever user it runs as, a fenced process opens files
only below the folders it was given; Landlock refuses the rest, to child processes and C code too, and forbids TCP
connections, signals to others and ptrace. A Python audit hook refuses the same and writes down what was asked for,
so that a solution that goes looking is known; where there is no Landlock (macOS, old kernels), the hook is all
there is, and code that leaves Python is not held by it. Not covered: names and sizes of files, command lines and
environments of the same user's other processes (their memory is), UDP, Unix sockets by path, what installed libraries
carry themselves; limits on time and memory are the Host's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.model import Struct

SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/sys")
DEVICES = ("null", "zero", "full", "random", "urandom", "shm", "tty", "pts", "ptmx")
"""Of /dev, these and the GPUs': a disk could be read around its files."""
PROCESSES, OWN_THREADS = "/proc", "/proc/self/task"
"""CUDA names its threads in the second, and does not start where it may not."""
_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""System calls of Landlock; the numbers are the same on all architectures."""
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights on files each version of Landlock knows, from that version on."""
_TRUNCATE = 1 << 14
_ON_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | 1 << 15
LINE = 2000
_SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD")


class Fence(Struct, frozen=True, kw_only=True):
    """What a process may use: files below `read`, files and changes below `write`, nothing else.

    `listed` are folders of which only the listing may be seen (import needs it of `sys.path`). Refused requests are
    appended to the file `log`, which the process itself cannot open. `home` becomes HOME and TMPDIR. With `gpu`,
    processes that `enforce_child` holds may name their own threads.
    """

    read: tuple[str, ...]
    write: tuple[str, ...]
    listed: tuple[str, ...] = ()
    log: str = ""
    home: str = ""
    gpu: bool = False


class Refusal(Struct, frozen=True, kw_only=True):
    """Something that a fenced process asked for and was refused by the audit hook."""

    event: str
    path: str


def fence(data: Iterable[Path], write: Iterable[Path], *, hidden: Iterable[Path], log: Path, home: Path) -> Fence:
    """Return a fence with this interpreter and its libraries, but for `hidden`, and `data` to read."""
    apart = {p.resolve() for p in hidden}
    roots = [Path(p) for p in (*SYSTEM, sys.prefix, sys.base_prefix, *filter(None, sys.path))]
    whole = {p.resolve() for p in roots if p.exists()}
    package = Path(__file__).resolve().parents[1]  # also where an editable install lies beside much else
    listed = {package.parent}
    libraries: list[Path] = [package]
    for root in sorted(whole):
        if root == package.parent and not _is_library(root):
            continue
        libraries += around(root, apart)
        listed.add(root)
    read = dict.fromkeys(str(p) for p in (*libraries, *(d.resolve() for d in data)))
    return Fence(
        read=tuple(read),
        write=tuple(str(p.resolve()) for p in (*write, *_devices())),
        listed=tuple(sorted(map(str, listed))),
        log=str(log.resolve()),
        home=str(home.resolve()),
        gpu=any(Path("/dev").glob("nvidia[0-9]*")),
    )


def environment(given: Fence, outside: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of a fenced process: those outside, without secrets and the way home."""
    kept = {k: v for k, v in outside.items() if not any(word in k.upper() for word in _SECRETS)}
    return {**kept, "HOME": given.home, "TMPDIR": given.home}


def _devices() -> list[Path]:
    named = [Path("/dev", name) for name in DEVICES]
    return [p for p in (*named, *Path("/dev").glob("nvidia*"), Path("/dev/dri")) if p.exists()]


def _is_library(root: Path) -> bool:
    return root.name in {"site-packages", "dist-packages"} or root.is_relative_to(Path(sys.prefix).resolve())


def around(root: Path, hidden: set[Path]) -> list[Path]:
    """Return the fewest paths that hold all of `root` but what is hidden."""
    if root in hidden or any(root.is_relative_to(h) for h in hidden):
        return []
    if not any(h.is_relative_to(root) for h in hidden):
        return [root]
    try:
        inside = sorted(root.iterdir())
    except OSError:
        return []
    # What a link names counts as itself; a link to a folder around it would only lead in a circle.
    paths = [path.resolve() for path in inside]
    return [found for path in paths if not root.is_relative_to(path) for found in around(path, hidden)]


def refusals(log: Path) -> list[Refusal]:
    """Return what was refused so far, each once."""
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found: dict[Refusal, None] = {}
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError):
            found[msgspec.json.decode(line, type=Refusal)] = None
    return list(found)


def enforced() -> bool:
    """Return whether this system's kernel can enforce a fence."""
    return _version() >= 1


def enforce(given: Fence) -> None:
    """Put this process, and all that it begins from here on, behind the fence; there is no way back."""
    log = os.open(given.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600) if given.log else None
    if enforced():
        _landlock(given)
    sys.addaudithook(_Watch(given, log))


def enforce_child(given: Fence) -> None:
    """Hold a child of an enforced process to its own threads' names, where the process has to leave it all of them."""
    if given.gpu and enforced():
        rights = (_WRITE | _TRUNCATE) & _rights(_version())
        _restrict(_Ruleset(rights, 0, 0), (((*given.write, OWN_THREADS), rights),))


# ---------------------------------------------------------------- Python's audit hook


_LOOKS = frozenset({"open", "os.listdir", "os.scandir"})
_COMMANDS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})


class _Watch:
    """The audit hook. It refuses by raising; what a command names is only written down, Landlock holds the command."""

    def __init__(self, given: Fence, log: int | None) -> None:
        self.able = tuple(f"{p}/" for p in (*given.read, *given.write))
        self.listed = frozenset(given.listed)
        self.log = log
        self.looking = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.looking:
            return
        if event in _LOOKS:
            path = self.real(arguments[0] if arguments else None)
            if path and not self.within(path) and not (event != "open" and path in self.listed):
                self.note(event, path)
                msg = f"{path} is outside of what a trial may use"
                raise PermissionError(13, msg)
        elif event in _COMMANDS:
            for word in _words(arguments):
                path = self.real(word)
                if not self.within(path):
                    self.note(event, path)

    def real(self, asked: Any) -> str:
        """Return where a path leads; empty for a file descriptor."""
        if asked is not None and not isinstance(asked, (str, bytes, os.PathLike)):
            return ""
        self.looking = True
        try:
            return os.path.realpath(os.fsdecode(asked) if asked is not None else ".")
        except (OSError, ValueError):
            return ""
        finally:
            self.looking = False

    def within(self, path: str) -> bool:
        return f"{path}/".startswith(self.able)

    def note(self, event: str, path: str) -> None:
        if self.log is not None:
            line = msgspec.json.encode(Refusal(event=event, path=path[:LINE])) + b"\n"
            with contextlib.suppress(OSError):
                os.write(self.log, line)


def _words(arguments: tuple[Any, ...]) -> list[str]:
    """Return what looks like an absolute path among the arguments of a command."""
    found: list[str] = []
    for argument in arguments[:2]:
        parts = argument if isinstance(argument, (list, tuple)) else [argument]
        for part in parts:
            text = os.fsdecode(part) if isinstance(part, (str, bytes, os.PathLike)) else ""
            found += [w.strip("'\"") for w in text.split() if w.strip("'\"").startswith("/")]
    return found


# ---------------------------------------------------------------- Landlock


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _version() -> int:
    """Return the version of Landlock that the kernel has, 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def _rights(version: int) -> int:
    """Return all rights on files that a version of Landlock knows."""
    return (1 << next(n for v, n in sorted(_RIGHTS.items(), reverse=True) if version >= v)) - 1


def _landlock(given: Fence) -> None:
    version = _version()
    every = _rights(version)
    _restrict(
        _Ruleset(every, 3 if version >= 4 else 0, 3 if version >= 6 else 0),
        (
            (given.listed, _LIST),
            (given.read, _EXECUTE | _READ | _LIST),
            (given.write, every),
            ((PROCESSES,) if given.gpu else (), _WRITE | _TRUNCATE),  # a child's own folder there does not exist yet
        ),
    )


def _restrict(rules: _Ruleset, allowed: Iterable[tuple[Iterable[str], int]]) -> None:
    """Refuse this process what `rules` handle but for what is `allowed`: paths, each with rights on files below it."""
    libc, version = _libc(), _version()
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    handle = libc.syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    _check(handle, "create a ruleset")
    try:
        for paths, rights in allowed:
            for path in paths:
                _allow(libc, handle, path, rights & rules.files)
        _check(libc.prctl(38, 1, 0, 0, 0), "give up new privileges")
        _check(libc.syscall(_RESTRICT, ctypes.c_int(handle), ctypes.c_uint32(0)), "restrict this process")
    finally:
        os.close(handle)


def _allow(libc: Any, handle: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not there (any more): nothing to allow
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - a rule for a file may have rights on files alone
            rights &= _ON_FILES
        rule = _Beneath(rights, parent)
        added = libc.syscall(_ADD, ctypes.c_int(handle), ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0))
        _check(added, f"allow {path}")
    finally:
        os.close(parent)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        msg = f"Landlock cannot {what}: {os.strerror(number)}"
        raise OSError(number, msg)
