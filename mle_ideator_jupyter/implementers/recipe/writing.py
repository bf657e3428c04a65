"""Writes Python as a person would: long calls wrap, imports are in order, names and strings are quoted safely."""

from __future__ import annotations

import io
import textwrap
import tokenize
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 100


class Call:
    """A call, list or tuple that is written on one line where it fits, one argument a line where not."""

    def __init__(self, name: str, *arguments: Any, brackets: str = "()", **keywords: Any) -> None:
        self.name, self.brackets = name, brackets
        self.parts = [("", a) for a in arguments] + [(f"{k}=", v) for k, v in keywords.items()]

    def write(self, indent: int = 0, taken: int = 0) -> str:
        """Return the source; `indent` is that of the statement, `taken` what stands before it on its line."""
        opening, closing = self.brackets[0], self.brackets[1]
        flat = self.name + opening + ", ".join(k + write(v) for k, v in self.parts) + closing
        if self.brackets == "()" and not self.name and len(self.parts) == 1:
            flat = flat[:-1] + ",)"
        if len(flat) + indent + taken <= WIDTH and "\n" not in flat:
            return flat
        inner = indent + 4
        if self.parts and all(isinstance(v, str) for _, v in self.parts) and not any(k for k, _ in self.parts):
            body = _filled([v for _, v in self.parts], inner)
        else:
            body = "".join(" " * inner + k + write(v, inner, len(k) + 1) + ",\n" for k, v in self.parts)
        return f"{self.name}{opening}\n{body}{' ' * indent}{closing}"


def items(*values: Any) -> Call:
    """Return a list expression."""
    return Call("", *values, brackets="[]")


def pair(*values: Any) -> Call:
    """Return a tuple expression."""
    return Call("", *values)


def names(values: Iterable[str]) -> Call:
    """Return a list of quoted names."""
    return items(*(repr(v) for v in values))


def mapping(pairs: dict[str, Any]) -> Call:
    """Return a dict expression with quoted keys."""
    made = Call("", brackets="{}")
    made.parts = [(f"{key!r}: ", value) for key, value in pairs.items()]
    return made


def write(value: Any, indent: int = 0, taken: int = 0) -> str:
    """Return an expression's source; plain strings are source already, other values are quoted."""
    if isinstance(value, Call):
        return value.write(indent, taken)
    return value if isinstance(value, str) else literal(value)


def literal(value: Any) -> str:
    """Return a value as source, numbers short."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.6g}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(v) for v in value) + "]"
    return repr(value)


def assign(name: str, value: Any, indent: int = 4) -> str:
    """Return the assignment of an expression to a name."""
    return f"{' ' * indent}{name} = {write(value, indent, len(name) + 3)}"


def _filled(words: Sequence[str], indent: int) -> str:
    """Return many short items, as many to a line as fit."""
    lines, line = [], ""
    for word in words:
        if line and indent + len(line) + len(word) + 2 > WIDTH:
            lines.append(line.rstrip())
            line = ""
        line += f"{word}, "
    lines.append(line.rstrip())
    return "".join(f"{' ' * indent}{text}\n" for text in lines)


class Imports:
    """Collects what a cell imports, so that it imports that and nothing else."""

    def __init__(self) -> None:
        self._modules: dict[str, str] = {}
        self._names: dict[str, set[str]] = {}

    def module(self, name: str, alias: str) -> str:
        """Import a module under its customary alias, and return that."""
        self._modules[name] = alias
        return alias

    def name(self, module: str, name: str) -> str:
        """Import a name, and return it."""
        self._names.setdefault(module, set()).add(name)
        return name

    def write(self, indent: int = 4) -> str:
        """Return the import statements, sorted."""
        space = " " * indent
        lines = [f"{space}import {m}" + (f" as {a}" if a != m else "") for m, a in sorted(self._modules.items())]
        if "sklearn.impute" in self._names and "IterativeImputer" in self._names["sklearn.impute"]:
            lines.append(f"{space}from sklearn.experimental import enable_iterative_imputer  # noqa: F401")
        for module, imported in sorted(self._names.items()):
            line = f"{space}from {module} import {', '.join(sorted(imported))}"
            if len(line) > WIDTH:
                body = textwrap.fill(", ".join(sorted(imported)) + ",", WIDTH - indent - 4)
                line = f"{space}from {module} import (\n{textwrap.indent(body, space + '    ')}\n{space})"
            lines.append(line)
        return "\n".join(lines)


def double_quoted(source: str) -> str:
    """Return source with its strings in double quotes, where they hold none."""
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string
        plain = token.type == tokenize.STRING and text.startswith("'") and not text.startswith("'''")
        safe = plain and '"' not in text and "\\'" not in text
        tokens.append(token._replace(string=f'"{text[1:-1]}"') if safe else token)
    return tokenize.untokenize(tokens)


def one_line(text: str, width: int = 200) -> str:
    """Return text that can stand in a comment or docstring and cannot break out of it."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain.replace("\\", "/").replace('"""', "'''").rstrip('"')[:width]
