"""The widget door: `Panel()` shows the panel in a cell's output, in front ends that do not have our extension.

It needs `anywidget`, which is imported when the first panel is made. A widget cannot insert cells: its door says so,
and the session finds another page for them, or another way.
"""

from __future__ import annotations

import contextvars
import functools
import os
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from mle_ideator_jupyter import kernel, wire
from mle_ideator_jupyter.errors import IdeatorError, UsageError

STATIC = Path(__file__).parent / "static"


class WidgetDoor:
    """One widget. What it is told goes out in the context of its page's last message.

    ipykernel queues a page's next message where the last one of ours came from; from the session's thread that would
    be behind the running cell.
    """

    can_run = False

    def __init__(self, widget: Any) -> None:
        self._widget = widget
        self._context = contextvars.copy_context()

    def heard(self) -> None:
        """Remember the present context as that of the page's last message."""
        self._context = contextvars.copy_context()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the widget's page, from any thread."""
        self._context.copy().run(self._widget.send, message)


def Panel() -> Any:  # noqa: N802 - to its users it is a class
    """Return a widget that shows the panel of this notebook. Raises `UsageError` where there can be none."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise UsageError("a panel needs a notebook: run this in a cell")
    shell.extension_manager.load_extension(__package__)  # the panel may ask the user to run a magic
    return _panel_class()(shell)


@functools.cache
def _panel_class() -> type:
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise UsageError("the panel in a cell needs anywidget: pip install anywidget") from None
    script, style = STATIC / "widget.js", STATIC / "widget.css"
    if not script.exists():
        msg = "this copy of mle_ideator_jupyter was made without its front end: pip install -U mle_ideator_jupyter"
        raise UsageError(msg)

    class NotebookPanel(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]  # the base is untyped
        """The panel of the notebook that this kernel belongs to."""

        _esm = script
        _css = style
        title = traitlets.Unicode("").tag(sync=True)

        def __init__(self, shell: Any) -> None:
            path = str(shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", ""))
            self._session = kernel.session_of(shell)
            self._path = path
            self._door = WidgetDoor(self)
            super().__init__(title=Path(self._session.path or path).name or "This notebook")
            self._session.connect(self._door)
            self.on_msg(self._hear)

        def close(self) -> None:
            """Close the widget; the session goes on."""
            self._session.disconnect(self._door)
            super().close()

        def _hear(self, _: Any, content: Any, __: Any) -> None:
            self._door.heard()
            try:
                command = wire.decode(content)
            except IdeatorError as error:
                self._session.refuse(self._door, error)
                return
            if isinstance(command, wire.Hello):  # a widget does not know its notebook; the session may
                known = self._session.path or self._path
                command = replace(command, path=known, sources=self._session.sources)
            self._session.submit(command, self._door)

    return NotebookPanel
