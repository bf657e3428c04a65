"""Finds out whether a table's columns are the pixels of images, and in which order."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from mle_ideator_jupyter.facts import Image
from mle_ideator_jupyter.profile.columns import Known
from mle_ideator_jupyter.profile.reading import Floats

LEAST = 8
"""Pixels along the shorter side, under which an image is as good as a table."""
ROWS = 2000
"""Rows that are looked at for whether pixels above each other are alike."""
ALIKE = 0.15
"""By how much pixels above each other must correlate more than pixels half a width apart."""
_GRID = re.compile(r"(.*?)(\d+)[_x,](\d+)(?:[_x,](\d+))?\Z")
_RUNNING = re.compile(r"(.*?)(\d+)\Z")


def image_of(known: Sequence[Known], aside: frozenset[str]) -> Image | None:
    """Return the image that all feature columns but those `aside` make, or None where they make none.

    Columns named by row and column (`pixel_3_4`, with colours `pixel_3_4_0`) are taken at their word; columns that are
    only numbered (`pixel37`) must fill a square, and look like one: what lies above a pixel is like it.
    """
    columns = [k for k in known if k.facts.name not in aside and k.facts.role != "id"]
    if len(columns) < LEAST**2 or not all(_plain(k) for k in columns):
        return None
    names = [k.facts.name for k in columns]
    return _by_grid(names) or _by_number(columns, names)


def _plain(k: Known) -> bool:
    return k.column.kind in {"number", "boolean"} and k.column.numbers is not None and not k.facts.missing


def _by_grid(names: list[str]) -> Image | None:
    found = [_GRID.match(name) for name in names]
    matches = [m for m in found if m is not None]
    if len(matches) < len(names) or len({m[1] for m in matches}) > 1:
        return None
    places = {(int(m[2]), int(m[3]), int(m[4] or 0)): name for m, name in zip(matches, names, strict=True)}
    firsts, lasts = np.min(list(places), axis=0), np.max(list(places), axis=0)
    height, width, channels = (int(n) for n in lasts - firsts + 1)
    if len(places) < len(names) or height * width * channels != len(places) or min(height, width) < LEAST:
        return None
    ordered = tuple(places[place] for place in sorted(places))
    return Image(height=height, width=width, channels=channels, columns=ordered)


def _by_number(columns: list[Known], names: list[str]) -> Image | None:
    found = [_RUNNING.match(name) for name in names]
    matches = [m for m in found if m is not None]
    if len(matches) < len(names) or len({m[1] for m in matches}) > 1:
        return None
    order = np.argsort([int(m[2]) for m in matches])
    numbers = [int(matches[i][2]) for i in order]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    for channels in (1, 3):
        side = round((len(names) / channels) ** 0.5)
        if side >= LEAST and side * side * channels == len(names):
            pixels = [columns[i].column.numbers for i in order]
            if _above_alike([p for p in pixels if p is not None], side * channels):
                ordered = tuple(names[i] for i in order)
                return Image(height=side, width=side, channels=channels, columns=ordered)
    return None


def _above_alike(pixels: list[Floats], row: int) -> bool:
    """Return whether values a whole row apart correlate clearly more than values half a row apart."""
    step = max(1, len(pixels[0]) // ROWS)
    values = np.column_stack([p[::step] for p in pixels])
    spread = values.std(axis=0)
    usual = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)

    def alike(apart: int) -> float:
        varied = (spread[apart:] > 0) & (spread[:-apart] > 0)
        return float((usual[:, apart:] * usual[:, :-apart]).mean(axis=0)[varied].mean()) if varied.any() else 0.0

    return alike(row) > alike(row // 2) + ALIKE
