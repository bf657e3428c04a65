"""Prints the Markdown table of the reference boards that come with the package.

python benchmarks/experiments/boards_table.py
"""

from __future__ import annotations

from mle_ideator_jupyter.bench.boards import board, thresholds
from mle_ideator_jupyter.bench.boards.storing import read_board
from mle_ideator_jupyter.bench.public import EVALUATION, TRAINING
from mle_ideator_jupyter.model import Goal

HEADS = (
    "task",
    "metric",
    "different",
    "failed",
    "same",
    "CPU s",
    "b",
    "median",
    "r",
    "best",
    "sd",
    "(r − b) / sd",
    "counts",
)


def row(name: str) -> str:
    """Return a task's row, or nothing where it has no board yet."""
    stored, found = read_board(name), board(name)
    if stored is None or found is None:
        return ""
    up = found.goal is Goal.MAXIMIZE
    r, best = found.percentile90(), (max if up else min)(found.scores)
    headroom = (r - found.baseline) * (1 if up else -1)
    noise, ratio = (f"{found.noise:.2g}", f"{headroom / found.noise:.1f}") if found.noise else ("–", "–")
    cells = (
        name,
        stored.metric,
        len(found.scores),
        sum(bool(e.failure) for e in stored.entries),
        sum(bool(e.same_as) for e in stored.entries),
        f"{sum(e.seconds for e in stored.entries):.0f}",
        *(f"{v:.4g}" for v in (found.baseline, thresholds(found.scores, found.goal).median, r, best)),
        noise,
        ratio,
        "yes" if found.counts else "**no**",
    )
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    rows = [line for name in (*TRAINING, *EVALUATION) if (line := row(name))]
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
