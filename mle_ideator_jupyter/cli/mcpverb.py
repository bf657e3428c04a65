"""`mcp`: the Ideator for any coding agent, over the Model Context Protocol on standard input and output."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import msgspec
from msgspec import Meta

from mle_ideator_jupyter.cli.options import agent_options, binding_options, brief_options, common, notebook_argument
from mle_ideator_jupyter.errors import IdeatorError, UsageError
from mle_ideator_jupyter.exports.table import one_line

if TYPE_CHECKING:
    from mle_ideator_jupyter.outside import Outside

SERVER = "mle-ideator"
ABOUT = (
    "A second opinion on a machine-learning notebook, and its memory. Ask seek_help for what to try next, above all "
    "when scores have stopped getting better; try it by your own means; report_score what came of it, failures too, so "
    "that the next idea builds on it. get_history shows what was tried before."
)


class _SeekHelp(msgspec.Struct, forbid_unknown_fields=True):
    """Return new ideas on what to try next in the notebook, each with its reasons and steps. Nothing is tried."""

    question: Annotated[str, Meta(description="What you want help with, in words.")] = ""
    kinds: Annotated[list[str], Meta(description="Only of these kinds, feature_engineering say; any, if empty.")] = (
        msgspec.field(default_factory=list)
    )
    n: Annotated[int, Meta(ge=1, le=10, description="How many ideas.")] = 1


class _GetHistory(msgspec.Struct, forbid_unknown_fields=True):
    """Return the notebook's task, its latest trials with their scores or failures, and the ideas nobody has tried."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="At most so many trials, the latest ones.")] = 100


class _ReportScore(msgspec.Struct, forbid_unknown_fields=True):
    """Keep the score that a try reached on validation data, or the failure it ended in, as a trial of the notebook."""

    metric: Annotated[str, Meta(description="The metric's name, rmse or auc say.")]
    value: Annotated[float | list[float] | None, Meta(description="The score, or one for each fold.")] = None
    failure: Annotated[str, Meta(description="In place of a value: why there is none, in one line.")] = ""
    idea: Annotated[str, Meta(description="The id of the idea that was tried, if it was one.")] = ""
    title: Annotated[str, Meta(description="What was tried, in a few words, where it was no idea.")] = ""
    source: Annotated[str, Meta(description="The code that was run.")] = ""
    seconds: Annotated[float, Meta(ge=0, description="How long it ran.")] = 0.0


TOOLS: dict[str, type[msgspec.Struct]] = {
    "seek_help": _SeekHelp,
    "get_history": _GetHistory,
    "report_score": _ReportScore,
}


@click.command()
@notebook_argument
@binding_options
@agent_options
@brief_options
@click.option("--show-config", is_flag=True, help="Print what an agent's configuration needs, and serve nothing.")
@common
def mcp(notebook: Path, show_config: bool, as_json: bool, **given: Any) -> None:
    """Serve the Ideator and the history of NOTEBOOK to a coding agent (MCP on standard input and output).

    The agent gets three tools: seek_help, get_history, report_score. It cannot choose another notebook.
    """
    from mle_ideator_jupyter.headless import RunOptions
    from mle_ideator_jupyter.notebooks import read_notebook

    read_notebook(notebook)
    if show_config or as_json:
        entry = {
            "command": sys.executable,
            "args": ["-m", "mle_ideator_jupyter.cli", "mcp", *_given(), str(notebook.resolve())],
        }
        click.echo(json.dumps({"mcpServers": {SERVER: entry}}, indent=None if as_json else 2))
        return
    _need_sdk()
    options = RunOptions(
        notebook=notebook,
        data=given["data"],
        test=given["test"],
        target=given["target"],
        metric=given["metric"],
        goal=given["goal"] or "",
        ideator=None if given["no_ideator"] else given["ideator"],
        policy=given["policy"],
        seed=given["seed"],
        level=given["level"],
        without=given["without"],
    )
    from mle_ideator_jupyter.outside import Outside

    # Standard output carries the protocol and nothing else.
    outside = Outside(options, lambda update: click.echo(one_line(update.message), err=True))
    asyncio.run(_serve(outside))


def _given() -> list[str]:
    """Return the options of this command as they were given, to be given again."""
    context, said = click.get_current_context(), []
    for option in context.command.params:
        value = context.params.get(option.name or "")
        if not isinstance(option, click.Option) or option.name in {"show_config", "as_json"}:
            continue
        if context.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE and value:
            values = value if isinstance(value, tuple) else (value,)
            texts = [str(getattr(v, "value", v)) for v in values]
            said += [option.opts[0]] if option.is_flag else [w for text in texts for w in (option.opts[0], text)]
    return said


def _need_sdk() -> None:
    try:
        version = importlib.metadata.version("mcp")
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    if int(version.partition(".")[0]) < 2:
        raise IdeatorError("the MCP SDK (2 or newer) is missing: pip install 'mle_ideator_jupyter[mcp]'")


async def _serve(outside: Outside) -> None:
    """Answer until standard input ends."""
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool

    async def tools(_context: Any, _parameters: Any) -> ListToolsResult:
        listed = [Tool(name=n, description=k.__doc__, input_schema=schema(k)) for n, k in TOOLS.items()]
        return ListToolsResult(tools=listed)

    async def call(_context: Any, asked: Any) -> CallToolResult:
        try:
            found = await answer(outside, asked.name, asked.arguments or {})
        except IdeatorError as error:
            return CallToolResult(content=[TextContent(type="text", text=one_line(str(error)))], is_error=True)
        text = msgspec.json.encode(found).decode()
        return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=found)

    version = importlib.metadata.version("mle_ideator_jupyter")
    server: Any = Server(SERVER, version=version, instructions=ABOUT, on_list_tools=tools, on_call_tool=call)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def schema(arguments: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments, with the object at its root, where clients look for it."""
    _, parts = msgspec.json.schema_components([arguments])
    found: dict[str, Any] = next(iter(parts.values()))
    return found


async def answer(outside: Outside, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what a tool says to these arguments, as plain data. Raises `UsageError` for arguments that cannot work."""
    if tool not in TOOLS:
        msg = f"there is no tool {tool!r}: there are {', '.join(TOOLS)}"
        raise UsageError(msg)
    try:
        asked = msgspec.convert(arguments, TOOLS[tool])
    except msgspec.ValidationError as error:
        msg = f"{tool}: {error}"
        raise UsageError(msg) from None
    given = {name: getattr(asked, name) for name in asked.__struct_fields__}
    if tool == "seek_help":
        ideas = await outside.seek_help(**given)
        return {"ideas": [_told(idea) for idea in ideas]}
    if tool == "get_history":
        history = msgspec.to_builtins(outside.get_history(**given))
        return {**history, "untried": [_plain(idea) for idea in history["untried"]]}
    trial = outside.report_score(given.pop("metric"), given.pop("value"), **given)
    return {"trial": msgspec.to_builtins(trial), "journal": str(outside.path)}


def _told(idea: Any) -> dict[str, Any]:
    return _plain(msgspec.to_builtins(idea))


def _plain(idea: dict[str, Any]) -> dict[str, Any]:
    """Return an idea without what only this package's own agents can read."""
    return {name: value for name, value in idea.items() if name not in {"edit", "action", "trigger", "parent"}}
