"""What an idea says of the target, the fit and the predictions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mle_ideator_jupyter.implementers.recipe.models import LOSSES
from mle_ideator_jupyter.implementers.recipe.reading.models import SEEDS
from mle_ideator_jupyter.implementers.recipe.reading.scene import Piece, Scene

TUNING = re.compile(
    r"hyper-?parameter|(?:random(?:i[sz]ed)?|grid|bayesian|parameter) search|(?:randomized|grid|halving\w*)searchcv|optuna|hyperopt|bayesian optimi[sz]ation"
    r"|\b(?:tun(?:e|ing)|optimi[sz](?:e|ing)|search(?:ing)?)\b(?!.*(?:threshold|cut-?off|weights of)).*\b(?:parameters?|settings|model|boosting|learning rate|depth|leaves|forest|ridge|lightgbm|xgboost|regulari[sz]ation)"
)
_TRIALS = re.compile(
    r"(\d+)\s*(?:random |optuna |search )?(?:trials|candidates|configurations|combinations|settings|evaluations|samples|parameter sets)|n_(?:iter|trials)\s*[=:]?\s*(\d+)"
)
_TARGET = re.compile(r"\btarget\b|§t§|\bresponse\b|\bpredictions?\b")
_TRANSFORMS = {
    "log1p": r"\blog(?:1p|arithm\w*)?\b|log[- ](?:transform\w*|target|scale|space)|log1p|expm1",
    "sqrt": r"sqrt|square[- ]root",
    "power": r"box-?cox|yeo-?johnson|power[- ]?transform\w*",
    "quantile": r"quantile[- ]?transform\w*|rank[- ]?transform\w*",
}
_LOSSES = {
    "absolute": r"absolute[- _]?error|\bmae\b.{0,12}(?:loss|objective|criterion)|(?:loss|objective)\W+(?:of )?(?:the )?(?:mae|l1)\b|l1 loss|absolute loss|least absolute|mean absolute",
    "poisson": r"\bpoisson\b",
    "quantile": r"quantile (?:loss|regression|objective)|pinball",
    "squared": r"squared[- _]?error(?: loss)?|mse (?:loss|objective)",
}


def ended(words: str, scene: Scene, families: list[str]) -> Iterator[Piece]:
    """Yield what a clause says of target, loss, classes, seeds, search and predictions; columns are gone from it."""
    if _TARGET.search(words):
        transform = next((t for t, said in _TRANSFORMS.items() if re.search(said, words)), None)
        if transform and not re.search(r"§[a-j]+§", words):
            yield Piece(path="target.transform", value=transform)
    elif re.search(r"transformedtargetregressor|np\.log1p", words) and not re.search(r"§[a-j]+§", words):
        yield Piece(path="target.transform", value="log1p")
    if not scene.numeric and re.search(
        r"(?:as|use|with) (?:a )?regress(?:ion|or)|regression.*(?:round|ordinal)|predict\w*.{0,30}as a number|ordinal regression",
        words,
    ):
        yield Piece(path="target.as_regression", value=True)
    yield from _losses(words, scene, families)
    if re.search(
        r"class[- _]?weights?\b|balanced (?:class|weight)|weigh\w* (?:the )?class\w*|inverse(?:ly)? .{0,20}frequenc\w*|scale_pos_weight|class_weight",
        words,
    ):
        yield Piece(path="class_weight", value="balanced")
    yield from _predictions(words)
    if SEEDS.search(words) and re.search(r"averag\w*|bag\w*|different|several|multiple|\d|seeds\b", words):
        count = re.search(r"(\d+)\s*(?:different |random |independent )*(?:seeds|random states)", words)
        yield Piece(path="bags", value=min(20, max(2, int(count.group(1)))) if count else 5, loose=count is None)
    yield from _search(words)


def _losses(words: str, scene: Scene, families: list[str]) -> Iterator[Piece]:
    if not scene.numeric:
        return
    loss = next((name for name, said in _LOSSES.items() if re.search(said, words)), None)
    huber = "linear" in families and "huber" in words
    if (loss is None and not huber) or (loss == "absolute" and re.search(r"evaluat|report|metric", words)):
        return
    loss = loss or "absolute"
    for at, family in enumerate(families):
        if loss == "squared" or loss in LOSSES.get(family, ()):
            yield Piece(path=f"models.{at}.loss", value=loss)
            return


def _predictions(words: str) -> Iterator[Piece]:
    if re.search(r"calibrat\w+|isotonic|platt", words):
        yield Piece(
            path="post.calibrate",
            value="isotonic" if "isotonic" in words else "sigmoid",
            loose=not re.search("isotonic|sigmoid|platt", words),
        )
    if re.search(
        r"(?:decision |probability |classification |per-class )?(?:thresholds?|cut-?offs?|cut points?)\b", words
    ) and re.search(
        r"tun\w*|optimi[sz]\w*|choos\w*|pick|adjust\w*|search\w*|mov\w*|maximi[sz]\w*|select\w*|set\b", words
    ):
        yield Piece(path="post.thresholds", value=True)
    if re.search(
        r"clip\w*.{0,30}predict\w*|predict\w*.{0,30}(?:clip\w*|(?:to|within|in) the (?:training )?range)", words
    ) and not re.search(r"\bzero\b|\b0\b|negative", words):
        yield Piece(path="post.clip", value=True)
    if re.search(r"round\w*.{0,30}predict\w*|predict\w*.{0,30}round", words):
        yield Piece(path="post.round", value=True)


def _search(words: str) -> Iterator[Piece]:
    count = _TRIALS.search(words)
    tuning = TUNING.search(words)
    if tuning or (count and re.search(r"trials|n_iter|n_trials", count.group())):
        trials = int(count.group(1) or count.group(2)) if count else 12
        if 2 <= trials <= 200:
            yield Piece(path="tune.trials", value=trials, loose=count is None)
    folds = re.search(r"(\d+)[- ]?inner[- ]folds?|(\d+)-fold inner|inner (\d+)-fold", words) or (
        re.search(r"(\d+)[- ]folds?", words) if tuning else None
    )
    if folds:
        yield Piece(path="tune.folds", value=min(10, max(2, int(next(g for g in folds.groups() if g)))))
