"""Numbers of a model that an idea names, in the words of its family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.implementers.recipe.reading.knobs import KNOBS, Knob
from mle_ideator_jupyter.implementers.recipe.reading.models import mentions
from mle_ideator_jupyter.implementers.recipe.reading.scene import Piece, Scene
from mle_ideator_jupyter.model import Struct

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?(?:\s?%)?|\.\d+"
CODE = re.compile(
    "|".join(
        sorted(
            {n for k in KNOBS.values() for n in k.names.values() if "_" in n}
            | {
                "hidden_layer_sizes",
                "n_neighbors",
                "class_weight",
                "random_state",
                "n_jobs",
                "early_stopping",
                "n_iter_no_change",
                "n_iter",
                "n_trials",
            }
        )
    )
)
_MORE = r"\b(?:increas\w*|higher|rais\w*|larger|bigger|more|doubl\w*|stronger|strengthen\w*|greater|firmer|deeper|longer|add)\b"
_LESS = r"\b(?:decreas\w*|lower\w*|reduc\w*|smaller|fewer|halv\w*|less|weaker|shallower|slower|shrink)\b"
_JUST = r"\s+(?:(?:the|its|our|number|amount|strength|of|boosting|maximum|minimum|tree|model|and|use|a) +)*$"
_RANGE = r"\s*(?:=|:|in|from|over|between|of)?\s*(?:\[|\(|\{|between\b|from\b|\d[\d.e-]*\s*(?:-|–|to|\.\.)\s*\d)"


class Read(Struct, frozen=True, kw_only=True):
    """A knob that a clause turns: to a `value`, or by a `factor`."""

    knob: str
    value: float | None = None
    factor: float = 1.0


def turned(words: str) -> Iterator[Read]:
    """Yield the knobs that a clause turns."""
    words = re.sub(r"(?<!col)subsampl\w*\s+(\S+) of (?:the )?(?:features|columns)", r"colsample_bytree \1", words)
    for name, knob in KNOBS.items():
        value = _value(words, knob)
        if value is not None:
            yield Read(knob=name, value=value)
            continue
        near = rf"(?:{knob.said})" + (rf"|{knob.after}" if knob.after and name != "neighbours" else "")
        found = re.search(near, words)
        if found is None or re.match(_RANGE, words[found.end() :]):
            continue
        before = words[: found.start()]
        if name == "C":
            continue
        if re.search(_MORE + _JUST, before):
            yield Read(knob=name, factor=2.0 if "doubl" in before else knob.step)
        elif re.search(_LESS + _JUST, before):
            yield Read(knob=name, factor=0.5 if "halv" in before else 1 / knob.step)


def _value(words: str, knob: Knob) -> float | None:
    named = re.search(
        rf"(?:{knob.said})(?!_)['\")]*\s*(?:(?:is|=|:|of|to|at|around|about|by|≈|~|→|->|down to|up to|from [\d.]+ to)\s*)*({NUMBER})(?![\w.]*\s*(?:-|–|to|and)\s*\d|\d)",
        words,
    )
    if named is None and knob.after:
        named = re.search(rf"(?<![\w.,-])({NUMBER})[ -](?:{knob.after})", words)
    if named is None:
        return None
    number = named.group(1).replace(",", "")
    return float(number.rstrip("% ")) / 100 if "%" in number else float(number)


def pieces(words: str, scene: Scene, families: list[str]) -> tuple[list[Piece], list[str]]:
    """Return what a clause sets of the models of these families, and what of it cannot be set."""
    said = [f for f in mentions(words) if f in families]
    order = said or families
    found, wrong = [], []
    for read in turned(words):
        knob = KNOBS[read.knob]
        at = next((k for k, f in enumerate(families) if f in order and _takes(read.knob, f, scene)), None)
        if at is None:
            wrong.append(f"{read.knob}: {_named(order)} has no such setting")
            continue
        value = read.value if read.value is not None else _moved(read, families[at], at, scene)
        if value is None:
            continue
        if not knob.least <= value <= knob.most:
            wrong.append(f"{read.knob} {value:g} is not between {knob.least:g} and {knob.most:g}")
            continue
        name = knob.names[families[at]]
        as_whole = knob.whole or (read.knob == "share of columns" and value > 1)
        found.append(_set(at, name, round(value) if as_whole else round(value, 8), loose=read.value is None))
        if name == "subsample" and families[at] == "lightgbm":
            found.append(_set(at, "subsample_freq", 1))
    return [*found, *_words_of(words, families, order)], wrong


def _takes(knob: str, family: str, scene: Scene) -> bool:
    if family not in KNOBS[knob].names:
        return False
    if family == "linear":
        return scene.numeric == (knob != "C")
    return not (knob == "gamma" and family == "svm" and scene.recipe.text is not None)


def _moved(read: Read, family: str, at: int, scene: Scene) -> float | None:
    """Return the value that "more" or "less" of a knob comes to, from where it stands now."""
    knob = KNOBS[read.knob]
    models = scene.recipe.models
    params = models[at].params if at < len(models) and models[at].family == family else {}
    now = params.get(knob.names[family], knob.default.get(family))
    if read.knob == "depth" and now is None:
        return 4.0 if read.factor < 1 else None
    if not isinstance(now, (int, float)):
        return None
    if now == 0:
        return 1.0 if read.factor > 1 else None
    return float(now) * read.factor


def _set(at: int, name: str, value: Any, *, loose: bool = False) -> Piece:
    return Piece(path=f"models.{at}.params.{name}", value=value, loose=loose)


def _words_of(words: str, families: list[str], order: list[str]) -> Iterator[Piece]:
    """Yield settings that are words or lists: weights of neighbours, kernels, hidden layers, early stopping."""
    for at, family in enumerate(families):
        if family not in order:
            continue
        if family == "knn" and (
            found := re.search(r"\b(distance|uniform)\b[ -]*(?:weight\w*)?|weights?\W+(distance|uniform)", words)
        ):
            yield _set(at, "weights", found.group(1) or found.group(2))
        if family == "svm" and (
            found := re.search(r"\b(rbf|poly|sigmoid|linear)\b['\"]? kernel|kernel\W+(rbf|poly|sigmoid|linear)", words)
        ):
            kernel = found.group(1) or found.group(2)
            if kernel != "rbf":
                yield _set(at, "kernel", kernel)
        if family == "mlp" and (
            found := re.search(
                r"(?:hidden|layers?|units?)[^\d(\[]{0,30}[(\[]?\s*(\d{1,4}(?:\s*(?:,|and|-|x)\s*\d{1,4}){0,3})", words
            )
        ):
            sizes = [int(n) for n in re.findall(r"\d+", found.group(1))]
            if all(2 <= n <= 2048 for n in sizes):
                yield _set(at, "hidden_layer_sizes", sizes)
        if family == "hist_boosting" and re.search(r"early[ _-]?stopping", words):
            yield _set(at, "early_stopping", True)


def _named(families: list[str]) -> str:
    return " and ".join(f.replace("_", " ") for f in families[:3])
