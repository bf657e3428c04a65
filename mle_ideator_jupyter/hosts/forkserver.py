"""The fork server's own process: imports the libraries, loads the data, never fits; forks a child for every cell.

Run as a module by `fork.ForkHost`. Requests come as JSON lines on standard input, answers go as JSON
lines to the file descriptor that is given as the first argument. A library that has started its threads
hangs after a fork, so everything that may start any (fitting, profiling) happens in a child.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import linecache
import os
import resource
import select
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import msgspec

from mle_ideator_jupyter.hosts import kernelside
from mle_ideator_jupyter.hosts.collecting import TEXT_CAP, Collector
from mle_ideator_jupyter.hosts.processes import Tree
from mle_ideator_jupyter.model import Limits
from mle_ideator_jupyter.protocols import CellResult
from mle_ideator_jupyter.scoring import reported

POLL_SECONDS = 0.02
STOP = b"stop"
"""The line that ends the running cell."""
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
)


class Request(msgspec.Struct, kw_only=True):
    """What the host asks for: `setup` runs in the server itself, everything else in a child."""

    kind: str
    source: str = ""
    limits: Limits = Limits()
    question: str = ""
    argument: str = ""


class Response(msgspec.Struct, kw_only=True):
    """What came of it."""

    result: CellResult | None = None
    answer: str = ""


def main() -> None:
    """Serve until standard input ends (the host closed, or died)."""
    out = int(sys.argv[1])
    _adopt_orphans()
    for name in PRELOADED:
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    _send(out, Response(answer="ready"))
    buffer = b""
    while True:
        data = os.read(0, 1 << 16)
        if not data:
            return
        buffer += data
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            if line == STOP:  # it came too late: the cell had ended
                continue
            _send(out, _serve(msgspec.json.decode(line, type=Request), namespace))


def _serve(request: Request, namespace: dict[str, Any]) -> Response:
    if request.kind == "setup":
        return Response(result=_here(request.source, namespace))
    return _in_child(request, namespace)


def _here(source: str, namespace: dict[str, Any]) -> CellResult:
    """Run a setup cell in the server itself, with what it prints captured."""
    collector = Collector()
    with tempfile.TemporaryFile() as printed, _redirected(printed.fileno()):
        error = _execute(source, namespace, collector)
    return _result(collector, error)


def _in_child(request: Request, namespace: dict[str, Any]) -> Response:
    """Fork a child for the request, watch its limits, and end everything that it began."""
    with tempfile.TemporaryDirectory() as folder:
        printed, answer = Path(folder, "printed"), Path(folder, "answer")
        pid = os.fork()
        if pid == 0:
            _child(request, namespace, printed, answer)
        tree = Tree(pid)
        tree.begin()
        before = _children_cpu()
        said = _wait(pid, tree, request.limits)
        seconds, cpu_seconds = tree.seconds, _children_cpu() - before
        _end_strays()
        if said is None and answer.exists():
            response = msgspec.json.decode(answer.read_bytes(), type=Response)
        else:
            status, message = said or ("died", "the process died (a crash in a library, or killed from outside)")
            response = Response(result=CellResult(status=status, message=message))  # type: ignore[arg-type]
        if response.result is not None:
            response.result = _with_print(response.result, printed, seconds, cpu_seconds)
        return response


def _child(request: Request, namespace: dict[str, Any], printed: Path, answer: Path) -> None:
    """Do the request in the child and leave without cleaning up what is the server's."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(int(sys.argv[1]))
        if request.limits.cpu_seconds is not None:
            hard = int(request.limits.cpu_seconds) + 5
            resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
        with printed.open("wb") as file, _redirected(file.fileno()):
            if request.kind == "run":
                collector = Collector()
                error = _execute(request.source, namespace, collector)
                response = Response(result=_result(collector, error))
            else:
                ask = getattr(kernelside, request.question)
                given = [request.argument] if request.argument else []
                response = Response(answer=ask(namespace, *given))
        temporary = answer.with_suffix(".part")
        temporary.write_bytes(msgspec.json.encode(response))
        temporary.rename(answer)
    except BaseException:  # noqa: BLE001 - a child must never return into the server's loop
        traceback.print_exc()
    finally:
        os._exit(0)


def _execute(source: str, namespace: dict[str, Any], collector: Collector) -> tuple[str, str, str] | None:
    """Run source; return (error name, message, traceback) or None."""
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    reported.set_sink(lambda report: collector.display({reported.MIME: report}))
    try:
        exec(compile(source, "<cell>", "exec"), namespace)  # noqa: S102 - running cells is what a Host is for
    except BaseException as error:  # noqa: BLE001 - whatever the cell raises is its result
        text = "".join(traceback.format_exception(error)[-12:])[-8000:]
        return type(error).__name__, str(error), text
    finally:
        reported.set_sink(None)
        sys.stdout.flush()
        sys.stderr.flush()
    return None


def _result(collector: Collector, error: tuple[str, str, str] | None) -> CellResult:
    if error is None:
        return CellResult(status="ok", reported=collector.reported, outputs=collector.result())
    name, value, text = error
    collector.error(name, value, text.splitlines())
    message = f"{name}: {value}".strip().splitlines()[0][:500]
    return CellResult(status="error", outputs=collector.result(), message=message, traceback=text)


def _with_print(result: CellResult, printed: Path, seconds: float, cpu_seconds: float) -> CellResult:
    collector = Collector()
    if printed.exists():
        with printed.open("rb") as file:
            text = file.read(TEXT_CAP + 1).decode(errors="replace")
        collector.stream("stdout", text)
    outputs = (*collector.result(), *result.outputs)
    return msgspec.structs.replace(result, outputs=outputs, seconds=seconds, cpu_seconds=cpu_seconds)


def _wait(pid: int, tree: Tree, limits: Limits) -> tuple[str, str] | None:
    """Wait for the child; return (status, message) when it had to be ended."""
    while True:
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done:
            return None
        over = tree.over(limits)
        readable, _, _ = select.select([0], [], [], POLL_SECONDS)
        if over is None and readable:
            # The host says nothing while a cell runs but "stop", or it is gone.
            stop = os.read(0, 1 << 16)
            over = ("interrupted", "stopped") if stop else ("died", "the host is gone")
        if over is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return over


def _end_strays() -> None:
    """Kill whatever the child left behind: as orphans they are this process's children now."""
    tree = Tree(os.getpid())
    tree.end(keep_root=True)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _children_cpu() -> float:
    """Return the CPU seconds of all children that were waited for so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def _redirected(target: int) -> Any:
    """Send what is printed, by C code too, to `target`."""
    sys.stdout.flush()
    sys.stderr.flush()
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


def _adopt_orphans() -> None:
    """Become the parent of all orphaned descendants (Linux), so that none can hide in another session."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _send(out: int, response: Response) -> None:
    data = memoryview(msgspec.json.encode(response) + b"\n")
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    main()
