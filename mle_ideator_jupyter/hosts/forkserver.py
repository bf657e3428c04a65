"""The fork server's own process: imports the libraries, loads the data, never fits; forks a child for every cell.

Run by `fork.Server` under a keeper. Requests and answers are JSON lines on the socket whose file descriptor is the
first argument; the second one is a scratch folder. A library that has started its threads hangs after a fork,
so everything that may start any (fitting, profiling) happens in a child.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import re
import resource
import select
import signal
import sys
import tempfile
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.collecting import TEXT_CAP, Collector, Status
from mle_ideator_jupyter.hosts.executing import execute, result
from mle_ideator_jupyter.hosts.fence import Fence, enforce, enforce_child
from mle_ideator_jupyter.hosts.forkwire import FENCE, STOP, Request, Response
from mle_ideator_jupyter.hosts.printed import Printed
from mle_ideator_jupyter.hosts.processes import Tree, adopt_orphans, died_of
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import CellResult
from mle_ideator_jupyter.scoring import reported

POLL_SECONDS = 0.05
PRELOADED = (
    "numpy",
    "pandas",
    "scipy.stats",
    "narwhals",
    "sklearn.calibration",
    "sklearn.cluster",
    "sklearn.compose",
    "sklearn.decomposition",
    "sklearn.ensemble",
    "sklearn.feature_extraction.text",
    "sklearn.feature_selection",
    "sklearn.gaussian_process",
    "sklearn.impute",
    "sklearn.kernel_approximation",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.svm",
    "lightgbm",
    "mle_ideator_jupyter.profile.frames",
)
LATE = ("torch", "xgboost", "catboost")
"""Takes seconds to load: done here when a cell first asks for it, so that no trial's limits count it."""
_ASKS = re.compile(rf"^\s*(?:import|from)\s+({'|'.join(LATE)})\b", re.MULTILINE)


class _Server:
    """Serves requests from the socket until the host closes it."""

    def __init__(self, socket: int, folder: Path, fence: Fence | None) -> None:
        self.socket = socket
        self.folder = folder
        self.fence = fence
        self.setting_up = False
        self.submissions = Path(os.environ[reported.SUBMISSIONS]) if reported.SUBMISSIONS in os.environ else None
        # A module of its own, so that what cells define can be found by pickle and dataclasses.
        self._main = sys.modules["__main__"]
        sys.modules["__main__"] = module = types.ModuleType("__main__")
        self.namespace: dict[str, Any] = module.__dict__
        signal.signal(signal.SIGINT, self._interrupted)

    def serve(self) -> None:
        """Answer request after request."""
        self.send(Response(answer="ready"))
        buffer = b""
        while data := os.read(self.socket, 1 << 16):
            buffer += data
            while b"\n" in buffer:
                line, _, buffer = buffer.partition(b"\n")
                if line + b"\n" == STOP:  # it came too late: the cell had ended
                    continue
                request = msgspec.json.decode(line, type=Request)
                if request.kind == "setup":
                    self.send(Response(result=self._set_up(request.source)))
                else:
                    self.send(self._in_child(request))

    def send(self, response: Response) -> None:
        """Send an answer."""
        data = memoryview(msgspec.json.encode(response) + b"\n")
        while data:
            data = data[os.write(self.socket, data) :]

    def _interrupted(self, *_: object) -> None:
        if self.setting_up:
            raise KeyboardInterrupt

    def _set_up(self, source: str) -> CellResult:
        """Run a plain cell in the server itself, with what it prints captured."""
        with tempfile.TemporaryFile() as printed:
            with _redirected(printed.fileno()):
                self.setting_up = True
                try:
                    ended = self._execute(source)
                except KeyboardInterrupt:  # between the cell's end and the next line
                    ended = CellResult(status="interrupted", message="stopped")
                self.setting_up = False
            printed.seek(0)
            collector = Collector()
            collector.stream("stdout", printed.read(TEXT_CAP).decode(errors="replace"))
        gc.freeze()  # what is there now is never collected, so that children share its pages
        return replace(ended, outputs=(*collector.result(), *ended.outputs))

    def _in_child(self, request: Request) -> Response:
        """Fork a child for the request, watch its limits, and end everything that it began."""
        _load_late(request.source)
        answer = self.folder / "answer"
        answer.unlink(missing_ok=True)
        printed = Printed()
        before = _children_cpu()
        pid = os.fork()
        if pid == 0:
            self._child(request, printed, answer)
        printed.begin()
        tree = Tree(pid)
        tree.begin()
        status, said = self._wait(pid, tree, request.limits, printed)
        seconds, cpu_seconds = tree.seconds, _children_cpu() - before
        _end_strays()
        if answer.exists() and status == "ok":
            response = msgspec.json.decode(answer.read_bytes(), type=Response)
        else:
            response = Response(result=CellResult(status="died" if status == "ok" else status, message=said))
        ended = printed.end(response.result or CellResult(status="ok"), seconds, cpu_seconds)
        return Response(answer=response.answer) if response.answer else Response(result=ended)

    def _child(self, request: Request, printed: Printed, answer: Path) -> None:
        """Do the request in the child and leave without cleaning up what is the server's."""
        try:
            os.setsid()
            os.close(self.socket)
            printed.into_pipes()
            if self.fence is not None:
                enforce_child(self.fence)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if request.limits.cpu_seconds is not None:  # a second fence, should the server itself be held up
                hard = int(request.limits.cpu_seconds) + 5
                resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
            if request.kind == "run":
                response = Response(result=self._execute(request.source))
            else:
                ask = getattr(kernelside, request.question)
                given = [request.argument] if request.argument else []
                response = Response(answer=ask(self.namespace, *given))
            temporary = answer.with_suffix(".part")
            temporary.write_bytes(msgspec.json.encode(response))
            temporary.rename(answer)
        except BaseException:  # noqa: BLE001 - a child must never return into the server's loop
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(0)

    def _execute(self, source: str) -> CellResult:
        collector = Collector(self.submissions)
        reported.set_sink(lambda report: collector.display({reported.MIME: report}))
        try:
            fault = execute(source, self.namespace, "<cell>", lambda v: collector.display({"text/plain": repr(v)}))
        finally:
            reported.set_sink(None)
        return result(collector, fault)

    def _wait(self, pid: int, tree: Tree, limits: Limits, printed: Printed) -> tuple[Status, str]:
        """Wait for the child; return how it ended."""
        handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        checked = 0.0
        watched = [self.socket, *printed.reading_ends(), *([] if handle is None else [handle])]
        try:
            while True:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    code = os.waitstatus_to_exitcode(status)
                    return "ok", died_of(code if code >= 0 else 128 - code)
                readable, _, _ = select.select(watched, [], [], POLL_SECONDS)
                if not printed.read():
                    # Closed pipes are readable for ever.
                    watched = [f for f in watched if f not in printed.reading_ends() or f not in readable]
                over: tuple[Status, str] | None = None
                if self.socket in readable:
                    # The host says nothing while a cell runs but "stop", or it is gone.
                    over = ("interrupted", "stopped") if os.read(self.socket, 1 << 16) else ("died", "the host is gone")
                elif tree.seconds - checked >= POLL_SECONDS:
                    checked = tree.seconds
                    over = tree.over(limits)
                if over is not None:
                    os.kill(pid, signal.SIGSTOP)  # so that it begins nothing more
                    tree.end(spare=[pid])
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    return over
        finally:
            if handle is not None:
                os.close(handle)


def main() -> None:
    """Serve until the host closes, or dies."""
    adopt_orphans()
    path, fence = Path(sys.argv[2]) / FENCE, None
    if path.exists():  # before any library: a thread that one starts would stay outside
        fence = msgspec.json.decode(path.read_bytes(), type=Fence)
        enforce(fence)
        path.unlink()
    for name in PRELOADED:
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
    if "sklearn" in sys.modules and "pandas" in sys.modules:
        # Looking at one frame loads what is otherwise loaded late, in every child again. No thread starts here.
        sys.modules["sklearn.utils.validation"].check_array(sys.modules["pandas"].DataFrame({"a": [1.0]}))
    sys.path.insert(0, "")  # as in a notebook, and only now: nothing in the folder can take a library's place
    _Server(int(sys.argv[1]), Path(sys.argv[2]), fence).serve()


def _load_late(source: str) -> None:
    """Load what the cell asks for of `LATE`, from where libraries are; loading starts no thread."""
    wanted = set(_ASKS.findall(source)) - set(sys.modules)
    if not wanted:
        return
    path, sys.path = sys.path, [p for p in sys.path if p]  # nothing in the folder is run here
    try:
        for name in sorted(wanted):
            with contextlib.suppress(Exception):  # the cell itself says what is wrong
                importlib.import_module(name)
    finally:
        sys.path = path
    gc.freeze()


def _end_strays() -> None:
    """Kill whatever the child left behind: as orphans they are this process's children now."""
    tree = Tree(os.getpid())
    if sys.platform != "linux" or len(tree.near()) > 1:
        tree.end(spare=[os.getpid()])
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _children_cpu() -> float:
    """Return the CPU seconds of all children that were waited for so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def _redirected(target: int) -> Iterator[None]:
    """Send what is printed, by C code too, to `target`."""
    saved = os.dup(1), os.dup(2)
    os.dup2(target, 1)
    os.dup2(target, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, number)
            os.close(copy)
