"""A page without a browser: speaks the wire with a real kernel, and keeps the notebook's cells in a list."""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from mle_ideator_jupyter import wire
from mle_ideator_jupyter.hosts.hooks import digest

LOAD = "%load_ext mle_ideator_jupyter"


_clients: list[Any] = []


class Page:
    """One page on a kernel. `cells` are (id, source); `state`, `rows` and `lines` are what it was told last."""

    def __init__(self, kernel: KernelManager, path: str = "n.ipynb") -> None:
        # With its manager it asks the process whether it is alive, not a heartbeat that a busy machine may miss.
        self.client = BlockingKernelClient(connection_file=kernel.connection_file, parent=kernel)
        self.client.load_connection_file()
        _clients.append(self.client)
        self.client.start_channels()
        _wait_for_ready(self.client)
        self.path = path
        self.cells: list[tuple[str, str]] = []
        self.state: dict[str, Any] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.lines: list[str] = []
        self.fetched: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self.outputs: dict[str, list[dict[str, Any]]] = {}
        self.errors: list[str] = []
        self.begun: set[str] = set()
        self.growing: list[str] = []
        self.answer: Callable[[dict[str, Any]], None] = self.obey
        self.running: dict[str, tuple[str, str]] = {}
        self.comm = uuid.uuid4().hex
        self.subshell = self._subshell()

    def open(self, *, events: tuple[str, ...] = (), notebook_id: str = "") -> None:
        self._comm("comm_open", {"comm_id": self.comm, "target_name": wire.TARGET, "data": {}})
        sources = [source for _, source in self.cells]
        self.send("hello", wire=wire.WIRE, path=self.path, notebook_id=notebook_id, events=events, sources=sources)

    def close(self) -> None:
        self._comm("comm_close", {"comm_id": self.comm, "data": {}})

    def send(self, kind: str, **fields: Any) -> None:
        self._comm("comm_msg", {"comm_id": self.comm, "data": {"type": kind, **fields}})

    def aside(self, source: str) -> None:
        """Run code on the page's subshell, as a front end loads the package while a cell runs."""
        content = {"code": source, "silent": True, "store_history": False, "user_expressions": {}, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content)
        message["header"] |= self._header
        self.client.shell_channel.send(message)
        self.until(lambda: {"idle": True} in self.outputs.get(message["header"]["msg_id"], []))

    def _subshell(self) -> str | None:
        """Have a subshell made, so that clicks do not wait for a running cell; None where the kernel knows none."""
        info = self.client.kernel_info(reply=True, timeout=60)["content"]
        if "kernel subshells" not in info.get("supported_features", ()):
            return None  # before ipykernel 7
        self.client.control_channel.send(self.client.session.msg("create_subshell_request", {}))
        return self.client.get_control_msg(timeout=60)["content"]["subshell_id"]

    @property
    def _header(self) -> dict[str, str]:
        return {"subshell_id": self.subshell} if self.subshell else {}

    def _comm(self, kind: str, content: dict[str, Any]) -> None:
        message = self.client.session.msg(kind, content)
        message["header"] |= self._header
        self.client.shell_channel.send(message)

    # ------------------------------------------------------------ the notebook

    def execute(self, source: str, cell: str | None = None, *, stop_on_error: bool = True) -> str:
        """Send a cell to be run; returns the message's id."""
        cell = cell or uuid.uuid4().hex[:8]
        message = self.client.session.msg(
            "execute_request",
            {
                "code": source,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": stop_on_error,
            },
            metadata={"cellId": cell},
        )
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def run(self, source: str, seconds: float = 60) -> list[dict[str, Any]]:
        """Run a cell of the user's and return its outputs."""
        identity = uuid.uuid4().hex[:8]
        self.cells.append((identity, source))
        return self.wait_for(self.execute(source, identity), seconds)

    def wait_for(self, message: str, seconds: float = 60) -> list[dict[str, Any]]:
        self.until(lambda: message in self.outputs and self.outputs[message][-1:] == [{"idle": True}], seconds)
        return self.outputs[message][:-1]

    def value(self, expression: str) -> str:
        """Return the repr of an expression in the kernel."""
        reply = self.client.execute("", silent=True, user_expressions={"v": expression}, reply=True, timeout=60)
        told = reply["content"]["user_expressions"]["v"]
        return told["data"]["text/plain"] if told["status"] == "ok" else told["ename"]

    # ------------------------------------------------------------ what the kernel says

    def until(self, done: Callable[[], Any], seconds: float = 60) -> Any:
        """Listen until the condition holds."""
        deadline = time.monotonic() + seconds
        while not (found := done()):
            left = deadline - time.monotonic()
            if left <= 0:
                told = {k: v for k, v in self.state.items() if k not in {"ideas", "frames", "metrics"}}
                raise TimeoutError(f"state {told},\nrows {list(self.rows.values())},\nerrors {self.errors}")
            with contextlib.suppress(queue.Empty):
                self._take(self.client.get_iopub_msg(timeout=min(left, 0.2)))
        return found

    def _take(self, message: dict[str, Any]) -> None:
        kind, content = message["header"]["msg_type"], message["content"]
        parent = message["parent_header"].get("msg_id", "")
        if kind == "comm_msg" and content["comm_id"] == self.comm:
            self._told(content["data"])
        elif kind == "status" and content["execution_state"] == "idle":
            self.outputs.setdefault(parent, []).append({"idle": True})
            if parent in self.running:
                request, cell = self.running.pop(parent)
                outputs = [o for o in self.outputs[parent] if "idle" not in o]
                self.send("ran", request=request, how="ran", cell=cell, outputs=outputs)
        elif kind == "execute_input":
            self.begun.add(parent)
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            self.outputs.setdefault(parent, []).append({"output_type": kind, **content})
            if kind == "stream" and content["name"] == "stderr":
                self.errors.append(content["text"])

    def _told(self, data: dict[str, Any]) -> None:
        kind = data["type"]
        if kind == "state":
            self.state = data
        elif kind == "trials":
            self.rows.update({row["id"]: row for row in data["rows"]})
        elif kind == "events":
            self.lines += data["lines"]
        elif kind == "growing":
            self.growing.append(data["text"])
        elif kind == "fetched":
            self.fetched[data["request"]] = data
        else:
            self.asked.append(data)
            self.answer(data)

    def obey(self, data: dict[str, Any]) -> None:
        """Do what a front end does."""
        request = data["request"]
        if data["type"] == "remove_cells":
            held, gone, left = dict(self.cells), [], []
            for placed in data["cells"]:
                same = placed["cell"] in held and digest(held[placed["cell"]]) == placed["digest"]
                (gone if same else left).append(placed["cell"])
            self.cells = [c for c in self.cells if c[0] not in gone]
            self.send("changed", request=request, cells=gone, left=left)
            return
        new = [data["cell"]] if data["type"] == "run_cell" else data["cells"]
        made = [(uuid.uuid4().hex[:8], cell["source"]) for cell in new]
        places = [i for i, c in enumerate(self.cells) if c[0] == data["after"]]
        at = places[0] + 1 if places else len(self.cells)
        self.cells[at:at] = made
        if data["type"] == "insert_cells":
            self.send("changed", request=request, cells=[c for c, _ in made])
            return
        cell, source = made[0]
        self.send("placed", request=request, cell=cell)
        self.running[self.execute(source, cell, stop_on_error=False)] = request, cell

    def idle(self, seconds: float = 60) -> None:
        """Wait until the session does nothing."""
        self.until(lambda: self.state.get("activity") == "idle", seconds)

    def scored(self) -> list[dict[str, Any]]:
        return [row for row in self.rows.values() if row["status"] == "scored"]


def _wait_for_ready(client: Any, seconds: float = 60) -> None:
    """Wait until the kernel answers; on a busy machine it may start slower than a heart is given to beat."""
    end = time.monotonic() + seconds
    while True:
        try:
            client.wait_for_ready(timeout=seconds)
        except RuntimeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


@contextlib.contextmanager
def kernel_in(folder: Path) -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder))
    try:
        yield manager
    finally:
        manager.shutdown_kernel(now=True)
        while _clients:
            _clients.pop().stop_channels()
