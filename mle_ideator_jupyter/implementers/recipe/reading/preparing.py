"""What an idea does to the data before a model sees them: levels, numbers, holes, texts, rows, columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mle_ideator_jupyter.implementers.recipe.families import BOOSTED, FORESTS
from mle_ideator_jupyter.implementers.recipe.reading.clauses import Clause
from mle_ideator_jupyter.implementers.recipe.reading.scene import Piece, Scene

_SPAN = r"(\d)\s*(?:to|-|–|,)\s*(\d)(?!\d)"
MANY_LEVELS = 15
"""Levels from which a category is called one of many."""
SKEWED = 1.5
_ENCODERS = {
    "target": r"target[- _]?(?:mean )?encod\w*|mean[- ]encod\w*|targetencoder|target (?:mean|statistics?)|likelihood encod\w*|(?:smoothed|out-of-fold) (?:target )?means?\b(?: of (?:the )?(?:target|§t§))?|impact encod\w*",
    "onehot": r"one[- ]?hot\w*|dummy (?:variables?|encod\w*|columns?)|dummies|onehotencoder",
    "count": r"(?:frequency|count)[- ]encod\w*|how often each (?:value|level|category)|encod\w+ .{0,40}by (?:its |their )?(?:frequency|count)",
    "ordinal": r"ordinal[- ](?:encod\w*|codes?)|label[- ]encod\w*|integer[- ]encod\w*|ordinalencoder",
    "category": r"native(?:ly)?.{0,30}categor\w*|categor\w*.{0,30}natively|categorical_features?|native categor\w*|cat_features?",
}
_SCALES = {
    "robust": r"robust(?:ly)?[- ]?scal\w*|robustscaler",
    "minmax": r"min-?\s?max|minmaxscaler|(?:to|between) (?:the )?(?:interval |range )?\[?0(?:,| and| to) ?1",
    "quantile": r"quantile[- ]?transform\w*|rank[- ]?gauss|quantiletransformer",
    "power": r"power[- ]?transform\w*|yeo-?johnson|box-?cox|powertransformer",
    "standard": r"standardi[sz]\w*|standard-?\s?scal\w*|z-?scor\w*|unit variance|scale (?:the |all )?(?:numeric|features|numbers)",
}
_FILLS = {
    "knn": r"knn[- ]?imput\w*|imput\w* .{0,30}(?:k-?nn|nearest)|nearest[- ]neighbou?r imput\w*",
    "iterative": r"iterative[- ]?imput\w*|\bmice\b|iterativeimputer",
    "median": r"(?:imput|fill|replac)\w*.{0,60}\bmedians?\b|median[- ]imput\w*",
    "mean": r"(?:imput|fill|replac)\w*.{0,60}\bmean\b|mean[- ]imput\w*",
    "constant": r"(?:imput|fill|replac)\w*.{0,60}\bconstant\b",
}


def prepared(clause: Clause, scene: Scene, families: list[str]) -> Iterator[Piece]:
    """Yield what a clause does to the data."""
    yield from _levels(clause, scene)
    yield from _numbers(clause, scene, families)
    yield from _holes(clause, scene)
    yield from _texts(clause)
    yield from _rows(clause)


def _levels(clause: Clause, scene: Scene) -> Iterator[Piece]:
    words = clause.words
    if re.search(r"combin|\bcross|interact", words):
        return
    coded = tuple(c for c in clause.columns if scene.number(c))
    as_codes = re.search(
        r"\b(?:as|to|into|are|is)\b (?:a |an |nominal |true )*(?:categor\w+|nominal|codes)|\bcast\b.*categor|categorical dtype",
        words,
    )
    if as_codes and coded and "cyclic" not in words:
        yield Piece(path="categories.as_category", value=list(coded), how="add")
    encoder = next((e for e, said in _ENCODERS.items() if re.search(said, words)), None)
    ordered = [c for c in clause.columns if scene.column(c).order]
    if re.search(r"ordinal|natural order|\border(?:ed)?\b|ranked", words) and ordered and encoder in {None, "ordinal"}:
        orders = {c: list(scene.column(c).order) for c in ordered}
        yield Piece(path="categories.orders", value=orders, how="merge")
        return
    found = re.search(
        r"(?:fewer|less) than (\d+)|below (\d+)|under (\d+)|min_frequency\W+(\d+)|at least (\d+)|occur\w* (?:only )?(?:up to )?(\d+)",
        words,
    )
    if re.search(r"\brare\b|infrequent|min_frequency|merge levels|group levels|long tail of", words) and not encoder:
        least = next((int(g) for g in found.groups() if g), None) if found else None
        yield Piece(path="categories.min_frequency", value=least or 10, loose=least is None)
    if encoder is None:
        return
    wanted = _encodable(clause, scene)
    if wanted:
        yield Piece(path="categories.columns", value=dict.fromkeys(wanted, encoder), how="merge")
    elif not clause.columns and not re.search(r"\b(?:it|this|bins?|labels?)\b", words):
        many = [c.name for c in scene.profile.columns if scene.category(c.name) and c.distinct >= MANY_LEVELS]
        high = re.search(r"high[- ]cardinal\w*|many levels|many categories", words)
        if high and many:
            yield Piece(path="categories.columns", value=dict.fromkeys(many, encoder), how="merge", loose=True)
        elif not high and any(scene.category(c.name) for c in scene.profile.columns):
            yield Piece(path="categories.encoder", value=encoder, loose=True)


def _encodable(clause: Clause, scene: Scene) -> list[str]:
    """Return the columns of a clause that hold levels, or codes few enough to be some."""
    return [
        c
        for c in clause.columns
        if scene.category(c) or (scene.number(c) and scene.column(c).integer and scene.column(c).distinct <= 400)
    ]


def _numbers(clause: Clause, scene: Scene, families: list[str]) -> Iterator[Piece]:
    words = clause.words
    cares = any(f not in BOOSTED | FORESTS for f in families)
    columns = [c for c in clause.columns if scene.number(c)]
    about_target = "§t§" in words or re.search(r"\btarget|response|predictions?\b", words)
    if re.search(r"\blog(?:1p|arithm\w*)?\b|log[- ]transform\w*", words) and (columns or not about_target):
        yield from _logs(words, columns, scene)
    scale = next((s for s, said in _SCALES.items() if re.search(said, words)), None)
    if scale and not about_target and (cares or scale != "standard"):
        yield Piece(path="numbers.scale", value=scale)
    if re.search(r"winsori|\bclip\w*\b|\bcap\b|\bcapp(?:ed|ing)\b", words) and not about_target:
        share = re.search(r"(\d+(?:\.\d+)?)\s*(?:st|nd|rd|th|%|percent)", words)
        value = min(float(share.group(1)), 100 - float(share.group(1))) / 100 if share else 0.01
        if 0 < value < 0.25:
            yield Piece(path="numbers.clip", value=value)
    if "spline" in words:
        yield Piece(path="numbers.splines", value=_count(words, r"knots", 5))
    if (
        re.search(r"\bbin(?:s|ned|ning)?\b|discreti[sz]|\bbuckets?\b", words)
        and not clause.columns
        and "max_bin" not in words
    ):
        yield Piece(path="numbers.bins", value=_count(words, r"(?:\w+ )?(?:bins|buckets|intervals)", 10))
    if "polynomial" in words:
        degree = re.search(r"degree\s*(?:=|of)?\s*(\d)", words)
        yield Piece(path="numbers.polynomial", value=int(degree.group(1)) if degree else 2)
    if re.search(r"\bpca\b|principal components?", words):
        count = re.search(r"(\d+)\s*(?:principal )?components|n_components\W+(\d+)|pca\W+(\d+)\b", words)
        yield Piece(
            path="numbers.pca", value=int(next(g for g in count.groups() if g)) if count else 5, loose=count is None
        )
    share = re.search(
        r"(?:keep|retain|select)\w*.{0,40}?(\d{1,2})\s?%|top[- ](\d{1,2})\s?%|(?:drop|remov|discard)\w*.{0,30}?(?:worst|weakest|bottom|lowest)\D{0,12}(\d{1,2})\s?%",
        words,
    )
    if share and re.search(r"features?|columns?|f-test|univariate", words):
        kept = int(share.group(1) or share.group(2) or 0) / 100
        yield Piece(path="select", value=kept or round(1 - int(share.group(3)) / 100, 2))


def _logs(words: str, columns: list[str], scene: Scene) -> Iterator[Piece]:
    if columns:
        yield Piece(path="numbers.log", value=columns, how="add")
    elif re.search(r"skew|heavy[- ]tail|long[- ]tail|right[- ]tail", words):
        skewed = [
            c.name
            for c in scene.profile.columns
            if scene.number(c.name) and c.role == "numeric" and (c.skew or 0) > SKEWED and c.quantiles[:1] >= (0,)
        ]
        if skewed:
            yield Piece(path="numbers.log", value=skewed, how="add", loose=True)


def _count(words: str, what: str, default: int) -> int:
    found = re.search(rf"(\d+)[ -](?:{what})", words)
    return min(50, max(2, int(found.group(1)))) if found else default


def _holes(clause: Clause, scene: Scene) -> Iterator[Piece]:
    words = clause.words
    sentinel = re.search(r"(?<![\w.])(-?\d+(?:\.\d+)?)(?![\w.%])", words)
    means = re.search(
        r"sentinel|placeholder|\b(?:as|by|with|to|into|means?|for)\b (?:a )?(?:missing|nan|null|np\.nan)", words
    )
    columns = [c for c in clause.columns if scene.number(c)]
    if means and sentinel and columns:
        yield Piece(path="missing.sentinels", value=dict.fromkeys(columns, float(sentinel.group(1))), how="merge")
        return
    if re.search(
        r"(?:missing|nan|null)(?:[- ]?ness|[- ]value)?s?[- ](?:indicators?|flags?|mask)|(?:indicators?|flags?)\b.{0,40}\b(?:missing|null|nan)|is_missing|add_indicator",
        words,
    ):
        yield Piece(path="missing.indicator", value=True)
    categories = [c for c in clause.columns if scene.category(c) and not scene.number(c)]
    if re.search(r"imput|\bfill|missing|\bnan\b", words) and (categories or "categor" in words):
        if re.search(r"most[- ]frequent|\bmode\b|most common", words):
            yield Piece(path="missing.categorical", value="most_frequent")
        elif re.search(
            r"separate|own (?:level|category)|['\"]?(?:missing|unknown|none)['\"]? (?:category|level)|constant|as a (?:category|level)",
            words,
        ):
            yield Piece(path="missing.categorical", value="constant")
        return
    fill = next((f for f, said in _FILLS.items() if re.search(said, words)), None)
    if fill:
        yield Piece(path="missing.numeric", value=fill)


def _texts(clause: Clause) -> Iterator[Piece]:
    words = clause.words
    asks = re.search(r"tf-?idf|tfidf\w*|n-?grams?|bag[- ]of[- ]words|unigrams?|bigrams?|truncated ?svd|\blsa\b", words)
    value: dict[str, Any] = {}
    if found := re.search(r"max_features\W+(\d+)|(\d[\d,]*) (?:features|terms|tokens|words)\b(?=.*|$)", words):
        count = int((found.group(1) or found.group(2)).replace(",", ""))
        if count >= 100:
            value["max_features"] = count
    if found := re.search(r"min_df\W+(?:of |to )?(\d+)", words):
        value["min_df"] = int(found.group(1))
    if re.search(r"sublinear", words):
        value["sublinear"] = True
    if re.search(r"truncated ?svd|\blsa\b|\bsvd\b", words):
        found = re.search(r"(\d+) (?:dimensions|components|topics)|n_components\W+(\d+)|svd\W+(\d+)", words)
        value["svd"] = int(next(g for g in found.groups() if g)) if found else 50
    span = re.search(_SPAN, words)
    if asks and (named := re.search(r"char(?:acter)?s?[ _-]|char_wb", words)):
        span = re.search(_SPAN, words[named.end() :]) or span
        value["char"] = [int(span.group(1)), int(span.group(2))] if span else [3, 5]
    elif asks and re.search(r"unigrams?|bigrams?|trigrams?|n-?grams?|ngram_range", words):
        most = 3 if "trigram" in words else 2 if "bigram" in words else 1 if "unigram" in words else 2
        value["words"] = (
            [int(span.group(1)), int(span.group(2))] if span and "gram" in words and "igram" not in words else [1, most]
        )
    if asks or ("text" in words and value):
        yield Piece(path="text", value=value, how="merge", loose=not value)
    elif value.keys() & {"max_features"} and re.search(r"vocabulary|limit", words):
        yield Piece(path="text", value={"max_features": value["max_features"]}, how="merge")


def _rows(clause: Clause) -> Iterator[Piece]:
    words = clause.words
    if re.search(r"\bduplicat\w+|dedupl?icat\w*", words):
        yield Piece(path="rows.drop_duplicates", value=True)
    if re.search(r"\boutliers?\b|extreme|beyond the", words) and re.search(r"target|§t§|response", words):
        share = re.search(r"(\d+(?:\.\d+)?)\s*(?:st|nd|rd|th|%|percent)", words)
        value = min(float(share.group(1)), 100 - float(share.group(1))) / 100 if share else 0.01
        if 0 < value < 0.25:
            yield Piece(path="rows.outliers", value=round(value, 4), loose=share is None)
    recent = re.search(
        r"(?:most )?(?:recent|latest|newest|last) (\d{1,2})\s?%|(\d{1,2})\s?% (?:of .{0,20})?(?:most )?(?:recent|latest)",
        words,
    )
    if recent:
        yield Piece(path="rows.recent", value=int(recent.group(1) or recent.group(2)) / 100)
