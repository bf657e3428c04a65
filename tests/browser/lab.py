"""What a user does in JupyterLab, in words; state is read from the application, never guessed from the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=15_000)

QUIET = (
    "debug",
    "Comm not found",
    "create_subshell_request",
    "favicon",
    "WebSocket",
    "kernel connection",
    "kernel_info_request",
    "net::ERR",
    "404",
)
"""What JupyterLab itself complains of when a kernel restarts; it says nothing of us."""
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(c => ({
    id: c.model.id, type: c.model.type, source: c.model.sharedModel.getSource(),
    count: c.model.executionCount ?? null, mark: c.model.getMetadata('mle_ideator') ?? null}))"""
FIRST_CARD = "() => document.querySelector('[data-testid=mij-idea-card]')?.dataset.idea"
KERNEL = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel"
ASK = f"""async expression => {{
    const future = {KERNEL}.requestExecute({{code: '', silent: true, store_history: false,
        user_expressions: {{v: expression}}}});
    const reply = await future.done;
    const told = reply.content.user_expressions.v;
    return told.status === 'ok' ? told.data['text/plain'] : told.ename;
}}"""


class Lab:
    """One page of JupyterLab on one notebook. `faults` are errors of the page's own scripts."""

    def __init__(self, page: Page, address: str, notebook: Path) -> None:
        self.page, self.address, self.notebook = page, address, notebook
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self._fault(f"{error} {error.stack}"))
        page.on("console", lambda message: self._fault(message.text) if message.type == "error" else None)

    def _fault(self, text: str) -> None:
        if not any(word in text for word in QUIET):
            self.faults.append(text)

    def open(self, workspace: str = "") -> None:
        where = workspace or self.notebook.stem
        self.page.goto(f"{self.address}/lab/workspaces/{where}/tree/{self.notebook.name}")
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 1", timeout=60_000
        )
        self.page.wait_for_function(f"{KERNEL}?.connectionStatus === 'connected'", timeout=60_000)

    def reload(self) -> None:
        self.page.reload()
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 1", timeout=60_000
        )

    def restart(self) -> None:
        """Restart the kernel and wait until the panel is linked with the new one."""
        self.page.evaluate(f"{KERNEL}.info.then(() => null)")  # JupyterLab takes a restart before it as a fault
        self.page.evaluate(f"{KERNEL}.restart()")
        self.page.wait_for_selector('[data-testid="mij-state"][data-link="ready"]', timeout=30_000)

    def shut(self) -> None:
        """End the notebook's kernel."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget?.sessionContext?.shutdown?.()")

    def do(self, command: str) -> Any:
        return self.page.evaluate("c => window.jupyterapp.commands.execute(c).then(() => null)", command)

    def run_all(self) -> None:
        self.do("notebook:run-all-cells")

    def save(self) -> dict[str, Any]:
        """Save the notebook and return it as it is on the disk."""
        self.do("docmanager:save")
        self.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
        return json.loads(self.notebook.read_text())

    def show(self) -> None:
        self.do("mle-ideator:open")
        self.get("state").wait_for()

    def cells(self) -> list[dict[str, Any]]:
        return self.page.evaluate(CELLS)

    def ask(self, expression: str) -> str:
        """Return the repr of an expression in the kernel."""
        return self.page.evaluate(ASK, expression)

    def add_cell(self, source: str) -> None:
        """Add a cell of the user's at the end and begin to run it; does not wait for its end."""
        self.page.evaluate(
            """source => { const n = window.jupyterapp.shell.currentWidget.content;
                const s = n.model.sharedModel; s.insertCell(s.cells.length, {cell_type: 'code', source});
                n.activeCellIndex = s.cells.length - 1; n.deselectAll();
                void window.jupyterapp.commands.execute('notebook:run-cell'); }""",
            source,
        )

    # ------------------------------------------------------------ the panel

    def get(self, name: str) -> Locator:
        return self.page.get_by_test_id(f"mij-{name}")

    def idle(self, seconds: float = 60) -> None:
        self.page.wait_for_selector('[data-testid="mij-state"][data-activity="idle"]', timeout=seconds * 1000)

    def idea(self) -> None:
        """Get an idea and wait for its card, which is the first one; a few are shown at once, not all."""
        first = self.page.evaluate(FIRST_CARD)
        self.get("get-idea").click()
        self.page.wait_for_function(f"was => ![undefined, was].includes(({FIRST_CARD})())", arg=first, timeout=20_000)

    def trial(self) -> None:
        """Try the newest idea, saying yes to every cell, and wait for its end."""
        self.get("try").first.click()
        self.page.wait_for_selector('[data-testid="mij-state"]:not([data-activity="idle"])')  # the kernel has heard it
        self.yes()

    def yes(self, seconds: float = 240) -> None:
        """Say yes to every cell until nothing runs."""
        for _ in range(int(seconds * 5)):
            self.page.wait_for_timeout(200)
            if self.get("approve").count():
                self.get("approve").click()
            elif self.page.locator('[data-testid="mij-state"][data-activity="idle"]').count():
                return
        raise AssertionError("the trial did not end")

    def rows(self, count: int, seconds: float = 60) -> list[str]:
        """Wait for that many trials in the table and return their texts."""
        self.page.wait_for_function(
            "n => document.querySelectorAll('[data-testid=mij-trial-row]').length === n",
            arg=count,
            timeout=seconds * 1000,
        )
        return self.get("trial-row").all_inner_texts()

    def has_rows(self, texts: list[str]) -> None:
        """Wait until the table holds these trials."""
        expect(self.get("trial-row")).to_have_text(texts, use_inner_text=True)

    def menu(self, row: int, item: str) -> None:
        """Click an item of a trial's menu."""
        self.get("trial-row").nth(row).get_by_role("button", name="More").or_(
            self.get("trial-row").nth(row).locator("button").last
        ).first.click()
        self.get(item).click()
