"""The IPython door: `%ideate`, `%%implement`, `%autopilot`, `%score`. Nothing heavy is imported before one is used.

What cannot work is one line, and the cell ends as failed: a notebook that is run unattended stops there.
"""

from __future__ import annotations

from typing import Any


def register(shell: Any) -> None:
    """Make the magics and their tab completion known to an IPython shell."""

    def ideate(line: str) -> None:
        """Say what to try next with the data in this kernel; nothing is tried and no variable changes.

        ::

            %ideate [hint] [-n COUNT] [--kind KIND] [--data EXPR] [--test EXPR] [--target COLUMN] [--metric NAME]
            %ideate try NUMBER          try an idea in this cell, on copies of your data
            %ideate go                  run in this cell what was asked for in the panel and waits for a cell
            %ideate history [--format table|csv|json]
            %ideate setup [--data EXPR] [--test EXPR] [--target COLUMN] [--metric NAME] [--about TEXT] [--watch EXPR]
                          [--ideator NAME] [--implementer NAME]
            %ideate brief [--hint TEXT] [--kind KIND]     exactly what an agent would be told
            %ideate unload              free the memory of a language model in this kernel (the Ideator `local`)

        Ideas have numbers, from 1, in each notebook; an id, or its beginning, does as well. A kind is one of
        data_preparation, feature_engineering, model_selection, hyperparameter_tuning, training_procedure,
        ensembling, post_processing, or the beginning of one. `--watch` names an expression whose value after each
        cell is a score of your own; `--ideator llm` and `--implementer llm` ask a language model. A hint that begins
        like a command goes in quotes.
        """
        from mle_ideator_jupyter.magics import commands

        commands.answer(shell, commands.ideate, line)

    def autopilot(line: str) -> None:
        """Try idea after idea in this cell, on copies of your data; no variable changes.

        ::

            %autopilot [--steps COUNT] [--minutes COUNT] [--cost USD] [--seed SEED] [--no-ideator]

        Without a budget it tries 5. With steps alone, the same seed gives the same trials. Interrupt the kernel
        (Ctrl-C) to end it; what was done is kept. `--no-ideator` leaves the ideas to the Implementer.
        """
        from mle_ideator_jupyter.magics import commands

        commands.answer(shell, commands.autopilot, line)

    def score(line: str) -> None:
        """Record a score of your own: a number, a list with one for each fold, or an expression that gives either.

        ::

            %score VALUE_OR_EXPRESSION [--metric NAME]

        Within `%%implement` it is the score of that trial.
        """
        from mle_ideator_jupyter.magics import commands

        commands.answer(shell, commands.score, line)

    def implement(line: str, cell: str) -> None:
        """Run this cell as your own implementation of an idea: ordinary code in your namespace, kept as its trial.

        ::

            %%implement NUMBER
            ...your code...
            report_score(value)

        The score is what `report_score` or `%score` reports, else the watched expression (`%ideate setup --watch`),
        else a printed line `metric: value`. An error is shown as ever, and recorded.
        """
        from mle_ideator_jupyter.magics import commands

        __tracebackhide__ = True  # a traceback is of the user's own lines
        commands.answer(shell, commands.implement(cell), line)

    def complete(_: Any, event: Any) -> list[str]:
        from mle_ideator_jupyter.magics import completing

        return completing.complete(shell, event)

    for magic in (ideate, autopilot, score):
        shell.register_magic_function(magic, magic_kind="line", magic_name=magic.__name__)
        shell.set_hook("complete_command", complete, str_key=f"%{magic.__name__}")
    shell.register_magic_function(implement, magic_kind="cell", magic_name="implement")
    shell.set_hook("complete_command", complete, str_key="%%implement")
