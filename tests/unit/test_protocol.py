"""The front end's types say what the kernel says. `jlpm lint` makes them anew and compares; this needs no node."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mle_ideator_jupyter import wire

ROOT = Path(__file__).parents[2]
TYPES = ROOT / "src/protocol.ts"
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

pytestmark = pytest.mark.skipif(not TYPES.exists(), reason="an installed package has no TypeScript beside it")


def words(part):
    """Return the set of TypeScript types that a schema allows."""
    if "$ref" in part:
        return {part["$ref"].rpartition("/")[2]}
    if "anyOf" in part:
        return set().union(*(words(one) for one in part["anyOf"]))
    if "enum" in part:
        return {"null" if value is None else f"'{value}'" for value in part["enum"]}
    if part["type"] == "array":
        return {f"{inner}[]" for inner in words(part["items"])}
    if part["type"] == "object":
        return {"{ [k: string]: unknown; }"}
    return {PLAIN[part["type"]]}


def expected():
    found = {}
    for name, part in wire.schema()["definitions"].items():
        if "properties" in part:
            needed = set(part.get("required", ()))
            found[name] = {
                field: ("" if field in needed else "?", words(one)) for field, one in part["properties"].items()
            }
    return found


def written():
    text = TYPES.read_text()
    text = re.sub(r"\{\s+\[k: string\]: unknown;\s+\}", "OBJECT", text)
    text = re.sub(r"\(([\w |]+)\)\[\]", lambda m: " | ".join(f"{w.strip()}[]" for w in m[1].split("|")), text)
    found = {}
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", text, re.DOTALL):
        fields = re.findall(r"^  (\w+)(\??): (.+?);$", body, re.MULTILINE)
        found[name] = {
            field: (mark, {w.strip("() ").replace("OBJECT", "{ [k: string]: unknown; }") for w in kinds.split("|")})
            for field, mark, kinds in fields
        }
    return found


def test_every_message_and_command_is_typed_as_the_kernel_has_it():
    assert written() == expected()


def test_both_ends_say_the_same_first():
    version = json.loads((ROOT / "package.json").read_text())["version"]
    text = TYPES.read_text()
    assert f"export const WIRE = {wire.WIRE};" in text
    assert f"export const TARGET = '{wire.TARGET}';" in text
    assert f"export const VERSION = '{version}';" in text
