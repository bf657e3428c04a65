"""Which models an idea wants, and how several become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from mle_ideator_jupyter.implementers.recipe.families import BOOSTED
from mle_ideator_jupyter.implementers.recipe.reading.scene import Scene
from mle_ideator_jupyter.model import Struct

_NAMED = {
    "lightgbm": r"light\s?gbm|lgbm\w*|lgb\b",
    "xgboost": r"xg\s?boost|xgb\w*",
    "catboost": r"cat\s?boost\w*",
    "extra_trees": r"extra[- ]?trees?(?:classifier|regressor)?|extremely randomi[sz]ed trees",
    "forest": r"random[- ]?forests?(?:classifier|regressor)?",
    "hist_boosting": r"hist(?:ogram)?(?:[- ]based)?[ -]?(?:gradient[ -]?)?boosting(?:classifier|regressor)?|hgb\w*|gradientboosting(?:classifier|regressor)",
    "gaussian_process": r"gaussian[- ]?process(?:es)?(?:classifier|regressor)?|gpr\b",
    "naive_bayes": r"(?:gaussian|multinomial|bernoulli)?\s?na[iï]ve[- ]?bayes|(?:gaussian|multinomial|bernoulli)nb",
    "knn": r"k-?nn\b(?! ?imput)|k(?:-|\s)?nearest[- ]neighbou?rs?|kneighbors(?:classifier|regressor)|nearest[- ]neighbou?rs? (?:model|classifier|regress\w+)",
    "svm": r"svms?\b|(?:linear|nu)?sv[cr]\b|support[- ]vector(?:[- ]machines?| regress\w+| classif\w+)?",
    "mlp": r"mlp(?:classifier|regressor)?\b|multi-?layer perceptron|(?:small |shallow |simple |feed-?forward )?neural net(?:work)?s?",
    "linear": r"logistic ?regression(?:cv)?|ridge(?:cv|classifier)?(?: regression)?\b|linear (?:regression|model)\b|ordinary least squares|huberregressor|poissonregressor",
}
FAMILIES = re.compile("|".join(f"(?P<{k}>(?<![\\w-])(?:{v}))" for k, v in _NAMED.items()), re.IGNORECASE)
BOOSTING = re.compile(r"(?<![\w-])(?:gradient[- ]boost\w*(?: trees| machines?)?|gbms?\b|gbdt|boosted trees|boosting)")
CURRENT = re.compile(
    r"\b(?:current|present|existing|baseline|original|same)\b (?:\w+ ){0,2}(?:models?|solution|pipeline|classifier|regressor|boosting|blend)"
)
_FINAL = re.compile(
    r"(?:with |using |use |and |by )?(?:an? |the )?(?:simple |regulari[sz]ed )?(?:logistic regression|ridge(?: regression)?|linear(?: regression| model)?)\s+(?:on top )?(?:as |for |on )?(?:an? |the |their )?"
    r"(?:final|meta|second[- ]level|level[- ]2|out-of-fold)[- ]?\w*(?: estimator| learner| model)?"
    r"|(?:final|meta)[- ]?(?:estimator|model|learner|regressor|classifier)\w*\s*(?:=|:|is|as|to be)?\s*(?:an? )?(?:logistic ?regression|ridge\w*|linear(?: regression| model)?)?"
)
_ASIDE = re.compile(
    r"\b(?:for|before|helps?|like|such as|unlike|than|because|since|as in|hurts?)\s+(?:the |a |an |any |our )?(?:\w+ )?$"
)
_CHOOSING = re.compile(
    r"\b(?:us(?:e|ing)|try|switch|replac\w*|train|fit|swap|move|adopt|employ|introduce|test|add|go with|blend\w*|combin\w*|stack\w*|averag\w*|ensembl\w*|vot\w+|learners?|estimators?|models?:|compar\w+|change)\b"
)
VAGUE = "the weights of the blend: say which model has which"
STACK = re.compile(r"\bstack(?:ed|ing)?\w*\b|\bmeta-?(?:model|learner)\b")
BLEND = re.compile(
    r"\bblend\w*\b|\bensembl\w*\b|\bvot(?:e|ing)\b|\bcombin\w+ (?=.*(?:model|predict|forest|boost|regress|classif|ridge|svm|trees|\())"
    r"|\baverag\w+\b(?=.*\b(?:predict\w*|probabilit\w*|models?|outputs?|it|them|both)\b)|\bmix of\b"
)
SEEDS = re.compile(r"\b(?:random )?seeds?\b|\brandom states?\b")


class Choice(Struct, frozen=True, kw_only=True):
    """The models an idea leads to.

    `models` is None where they stay as they are. `refused` says which models cannot be had in the same trial.
    """

    models: tuple[dict[str, Any], ...] | None = None
    combine: str | None = None
    refused: tuple[str, ...] = ()


def mentions(words: str) -> list[str]:
    """Return the families that a clause names, each once; models that others are only compared with are left out."""
    words = _FINAL.sub(" ", words)
    found = (m for m in FAMILIES.finditer(words) if not _ASIDE.search(words[: m.start()]))
    return list(dict.fromkeys(str(m.lastgroup) for m in found))


def choose(texts: Sequence[tuple[str, bool]], scene: Scene) -> Choice:
    """Return the models of an idea's clauses; each comes with whether it is the title."""
    now: list[str] = [m.family for m in scene.recipe.models]
    wanted: list[str] = []
    weights: dict[str, float] = {}
    keep, combine = False, None
    vague = False
    for words, title in texts:
        seeds = any(SEEDS.search(w) for w, _ in texts)
        if STACK.search(words):
            combine = "stack"
        elif BLEND.search(words) and not (seeds and not mentions(words)) and combine is None:
            combine = "blend"
        at_start = bool(FAMILIES.match(words.lstrip("a ")) or FAMILIES.match(words))
        if title or at_start or _CHOOSING.search(words) or BLEND.search(words):
            wanted += [f for f in mentions(words) if f not in wanted]
            weights |= _weights(words)
        vague = vague or bool(re.search(r"\bweights?\b\D{0,12}0?\.\d", words) and not _weights(words))
        generic = BOOSTING.search(FAMILIES.sub(" ", words))
        keep = keep or bool(CURRENT.search(words)) or bool(generic and set(now) & BOOSTED)
        if generic and not set(now) & BOOSTED and "hist_boosting" not in wanted and combine:
            wanted.append("hist_boosting")
    if combine is None:
        return _single(wanted, now, scene)
    several = _several(wanted, weights, combine, scene, keep=keep)
    return replace(several, refused=(*several.refused, VAGUE)) if vague and not weights else several


def _single(wanted: list[str], now: list[str], scene: Scene) -> Choice:
    new = [f for f in wanted if f not in now]
    if not new or (len(now) > 1 and len(wanted) > len(new)):
        return Choice()
    refused = tuple(f"{f.replace('_', ' ')}: a trial has one model, or says how several are combined" for f in new[1:])
    return Choice(
        models=({"family": new[0]},), combine="blend" if len(scene.recipe.models) > 1 else None, refused=refused
    )


def _several(wanted: list[str], weights: dict[str, float], combine: str, scene: Scene, *, keep: bool) -> Choice:
    now = scene.recipe.models
    families = [f for f in wanted if f not in {m.family for m in now}]
    stay = keep or len(wanted) < 2 or len(families) < len(wanted)
    kept = [m for m in now if keep or len(wanted) < 2 or m.family in wanted] if stay else []
    members: list[dict[str, Any]] = [
        {"family": m.family, "params": dict(m.params), "weight": weights.get(m.family, m.weight), "loss": m.loss}
        for m in kept
    ]
    members += [{"family": f, **({"weight": weights[f]} if f in weights else {})} for f in families]
    if len(members) < 2:
        return Choice(refused=("one model alone cannot be combined: name the others",))
    together = combine if combine != scene.recipe.combine else None
    if not families and len(members) == len(now) and not weights:
        return Choice(combine=together)
    return Choice(models=tuple(members), combine=together)


def _weights(words: str) -> dict[str, float]:
    """Return the weights that stand beside the models of a blend."""
    found = {}
    matches = list(FAMILIES.finditer(words))
    for at, match in enumerate(matches):
        until = matches[at + 1].start() if at + 1 < len(matches) else len(words)
        behind = re.match(
            r"[^,;§]{0,12}?(?:weight(?:ed)?(?: of)?|\()\s*[:=]?\s*(0?\.\d+|\d{1,2}\s?%)", words[match.end() : until]
        )
        before = re.search(r"(0?\.\d+|\d{1,2}\s?%)\s*(?:[*x×]|of(?: the)?)?\s*$", words[: match.start()])
        said = behind or before
        if said:
            number = said.group(1)
            found[str(match.lastgroup)] = float(number.rstrip("% ")) / 100 if "%" in number else float(number)
    if not found and (listed := re.search(r"weights?\D{0,12}((?:0?\.\d+\W+(?:and )?){1,5}0?\.\d+)", words)):
        values = [float(v) for v in re.findall(r"0?\.\d+", listed.group(1))]
        families = list(dict.fromkeys(str(m.lastgroup) for m in matches))
        if len(values) == len(families):
            found = dict(zip(families, values, strict=True))
    return found
