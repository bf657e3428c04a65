"""`python -m mle_ideator_jupyter.cli`."""

from __future__ import annotations

from mle_ideator_jupyter.cli.app import main

if __name__ == "__main__":
    main()
