"""What magics show in a shell, and what they leave there."""

from __future__ import annotations

from IPython.utils.capture import capture_output


def shown(shell, line: str, cell: str | None = None) -> list[dict]:
    with capture_output() as captured:
        shell.run_line_magic("ideate", line) if cell is None else shell.run_cell_magic("implement", line, cell)
    return [output.data for output in captured.outputs]


def own_names(shell) -> dict[str, int]:
    return {k: id(v) for k, v in shell.user_ns.items() if not k.startswith("_")}
