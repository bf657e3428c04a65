"""How well Recipe edits are read out of ideas' words; prints a Markdown table, and with --show what was read amiss.

    python benchmarks/experiments/reading_ideas.py [develop|held_out|later] [--show]

The corpus and its expected edits are in tests/unit/ideas; all parts by default.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.unit.reading_cases import corpus, figures, measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["develop", "held_out", "later"])
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    tables = {
        part: [measured(row) for row in corpus(part)]
        for part in ([asked.part] if asked.part else ["develop", "held_out", "later"])
    }
    names = list(figures(next(iter(tables.values()))))
    print(f"| part | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for part, readings in tables.items():
        print(f"| {part} | {' | '.join(f'{v:g}' if v > 1 else f'{v:.3f}' for v in figures(readings).values())} |")
    for reading in (r for readings in tables.values() for r in readings if asked.show):
        if reading.wanted != reading.found or not all(reading.said) or len(reading.mapped.unmapped) > len(reading.said):
            print(f"\n{reading.row['data']}: {reading.row['title']}")
            for step in reading.row["steps"]:
                print(f"      {step}")
            for sign, some in (("missing", reading.wanted - reading.found), ("wrong", reading.found - reading.wanted)):
                for atom in sorted(some):
                    print(f"  {sign}: {atom}")
            print(f"  said: {list(reading.mapped.unmapped)} wanted {reading.row.get('not', [])}")


if __name__ == "__main__":
    main()
