"""Reads a Recipe edit out of an idea's title and steps, and says plainly what it could not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.implementers.recipe.reading import parameters
from mle_ideator_jupyter.implementers.recipe.reading.arithmetic import Sums
from mle_ideator_jupyter.implementers.recipe.reading.clauses import Clause, clauses, resolved
from mle_ideator_jupyter.implementers.recipe.reading.ending import TUNING, ended
from mle_ideator_jupyter.implementers.recipe.reading.limits import FACT, NEUTRAL, aside, beyond
from mle_ideator_jupyter.implementers.recipe.reading.making import features
from mle_ideator_jupyter.implementers.recipe.reading.models import Choice, choose, mentions
from mle_ideator_jupyter.implementers.recipe.reading.naming import ID, TARGET, Names
from mle_ideator_jupyter.implementers.recipe.reading.preparing import prepared
from mle_ideator_jupyter.implementers.recipe.reading.removing import removed
from mle_ideator_jupyter.implementers.recipe.reading.scene import Piece, Scene
from mle_ideator_jupyter.implementers.recipe.render import render_trial
from mle_ideator_jupyter.model import RecipeEdit, Struct
from mle_ideator_jupyter.recipe import Recipe

SHOWN = 110
"""Most characters of a clause that are shown where it could not be read."""
MOST = 12
"""Things that could not be read of one idea that are named."""


class Mapped(Struct, frozen=True, kw_only=True):
    """What an idea's words came to: the edit, the clauses that are in it, and those (with reasons) that are not.

    The edit is None where nothing was read.
    """

    edit: RecipeEdit | None = None
    mapped: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()


class _Line(Struct, frozen=True, kw_only=True):
    """A clause with what was made of it."""

    clause: Clause
    pieces: tuple[Piece, ...] = ()
    wrong: tuple[str, ...] = ()


def read_idea(title: str, steps: Sequence[str], scene: Scene) -> Mapped:
    """Return what the title and the steps of an idea change of the scene's Recipe.

    The same words, data and Recipe always give the same result. Everything in the edit renders; what would not, or
    would change nothing, is left out and said.
    """
    names = Names(scene)
    given = clauses(title[:300], names, title=True)
    for step in steps[:20]:
        given += clauses(step[:600], names)
    if any(c.title and beyond(c.words) for c in given):
        hopeless = [c for c in given if beyond(c.words)]
        return Mapped(unmapped=tuple(f"{_shown(names.plain(c.whole))} ({beyond(c.words)})" for c in hopeless[:MOST]))
    able = [c for c in given if c.words and not beyond(c.words)]
    choice = choose([(c.words, c.title) for c in able if not c.removing], scene)
    families = [m["family"] for m in choice.models] if choice.models else [m.family for m in scene.recipe.models]
    tuning = any(TUNING.search(c.words) for c in able)
    given = resolved(given, names)
    lines = [_line(c, names, scene, families, tuning=tuning) for c in given]
    return _Fitting(scene, names, choice).fit(lines)


def _line(clause: Clause, names: Names, scene: Scene, families: list[str], *, tuning: bool) -> _Line:
    words = clause.words
    if not words:
        return _Line(clause=clause)
    if what := beyond(words):
        return _Line(clause=clause, wrong=(f"{_shown(names.plain(clause.whole))} ({what})",))
    if clause.removing:
        found, wrong = removed(clause, names, scene)
        return _Line(clause=clause, pieces=tuple(found), wrong=tuple(wrong))
    sums = Sums(words, names, scene)
    left = _without(clause, sums.left, names)
    pieces = [
        *sums.pieces,
        *features(left, scene),
        *prepared(left, scene, families),
        *ended(left.words, scene, families),
    ]
    wrong = list(sums.wrong)
    if not (tuning and TUNING.search(words)):
        set_, refused = parameters.pieces(_numbers_only(left.words), scene, families)
        pieces += set_
        wrong += refused
    wrong += [f"there is no column {name!r}" for name in clause.unknown if not _is_code(name, words)]
    wrong += aside(words)
    if (
        {TARGET, ID} & set(re.findall(r"§[ty]§", words))
        and re.search(r"as (?:an? )?(?:new |extra |input )?feature", words)
        and not pieces
    ):
        wrong.append(f"{_shown(names.plain(clause.whole))}: the target and the id are no features")
    return _Line(clause=clause, pieces=tuple(pieces), wrong=tuple(dict.fromkeys(wrong)))


def _without(clause: Clause, words: str, names: Names) -> Clause:
    """Return the clause with other words: what its sums said is not read again."""
    return Clause(whole=clause.whole, words=words, columns=names.columns(words), title=clause.title)


def _numbers_only(words: str) -> str:
    """Return words without columns, whose names are no settings."""
    return re.sub(r"§[a-j]+§", " § ", words)


def _is_code(name: str, words: str) -> bool:
    """Return whether a name that is no column is one of a library, of a setting, or of what the idea itself makes."""
    low = re.escape(name.casefold())
    made = re.search(
        rf"\b{low}\s*=|(?:called|named|create|feature|column|add|as|define)\s+(?:an? |new |the )*{low}\b", words
    )
    library = re.search(
        r"(?:classifier|regressor|encoder|scaler|transformer|cv|imputer|vectorizer|sv[cr]|ridge|kfold)$|^(?:np|pd|sklearn)",
        name.casefold(),
    )
    return bool(
        made
        or library
        or parameters.CODE.search(name.casefold())
        or mentions(name.casefold())
        or len(name) < 3
        or not name.isidentifier()
    )


class _Fitting:
    """Puts pieces into the Recipe one by one, and leaves out what does not render or changes nothing."""

    def __init__(self, scene: Scene, names: Names, choice: Choice) -> None:
        self.scene, self.names, self.choice = scene, names, choice
        self.recipe = scene.recipe
        self.source = self._render(self.recipe)
        self.set: dict[str, object] = {}
        self.append: dict[str, list[object]] = {}
        self.unmapped: list[str] = []

    def fit(self, lines: Sequence[_Line]) -> Mapped:
        """Return what the lines come to."""
        chosen = self._models()
        precise = {p.key for line in lines for p in line.pieces if not p.loose}
        done: list[str] = []
        reasons: list[list[str]] = [list(line.wrong) for line in lines]
        used = [False] * len(lines)
        todo = [(k, p) for k, line in enumerate(lines) for p in line.pieces if not (p.loose and _covered(p, precise))]
        covered = {k for k, line in enumerate(lines) if any(p.loose and _covered(p, precise) for p in line.pieces)}
        for k, piece in sorted(_once(todo), key=lambda item: _ORDER.get(item[1].path.split(".")[0], 5)):
            why = self._put(piece)
            used[k] = used[k] or why is None
            if why:
                reasons[k].append(f"{_shown(self.names.plain(lines[k].clause.whole))}: {why}")
        for k, line in enumerate(lines):
            said = self.names.plain(line.clause.whole)
            about_models = chosen and bool(mentions(line.clause.words) or _COMBINES.search(line.clause.words))
            if used[k] or k in covered or about_models:
                done.append(_shown(said))
            elif not reasons[k] and line.clause.words and not line.clause.title and not _needless(line):
                reasons[k].append(_shown(said))
        for said in dict.fromkeys(w for why in reasons for w in why):
            self.unmapped.append(said)
        changed = bool(self.set or self.append)
        if not changed and not self.unmapped:
            self.unmapped = [_shown(self.names.plain(line.clause.whole)) for line in lines if line.clause.words][:1]
        edit = RecipeEdit(set=self._whole(), append=dict(self.append)) if changed else None
        return Mapped(
            edit=edit, mapped=tuple(dict.fromkeys(done)) if changed else (), unmapped=tuple(self.unmapped[:MOST])
        )

    def _whole(self) -> dict[str, object]:
        """Return what is set; new models with their settings in them, for no path leads into what is new."""
        if "models" not in self.set:
            return dict(self.set)
        rest = {path: value for path, value in self.set.items() if not path.startswith("models")}
        return {"models": msgspec.to_builtins(self.recipe.models), **rest}

    def _models(self) -> bool:
        self.unmapped += self.choice.refused
        chosen = False
        if self.choice.models is not None:
            why = self._put(Piece(path="models", value=list(self.choice.models)))
            chosen = why is None
            if why:
                self.unmapped.append(why)
        if self.choice.combine and self.choice.combine != self.recipe.combine:
            why = self._put(Piece(path="combine", value=self.choice.combine))
            chosen = chosen or why is None
        return chosen

    def _put(self, piece: Piece) -> str | None:
        """Put a piece in; return why not, or None."""
        try:
            after = piece.applied(self.recipe)
            if after == self.recipe:
                return None
            source = self._render(after)
        except EditError as error:
            return str(error)
        scale_said = piece.path == "numbers.scale" and piece.value == "standard"
        if source == self.source and not scale_said:
            return "it changes nothing with this model and these data"
        made = piece.edit(self.recipe)
        self.recipe, self.source = after, source
        self.set |= made.set
        for path, items in made.append.items():
            self.append.setdefault(path, []).extend(items)
        return None

    def _render(self, recipe: Recipe) -> str:
        scene = self.scene
        return render_trial(scene.binding, scene.profile, recipe, name="trial", libraries=scene.libraries or None)


_ORDER = {"rows": 0, "missing": 1, "categories": 2, "numbers": 2, "text": 2, "features": 3, "models": 4}
_COMBINES = re.compile(
    r"blend|stack|ensembl|averag|vot|combin|meta|final estimator|models?\b|librar|learners|boosting|classifiers|regressors"
)


def _once(todo: Iterable[tuple[int, Piece]]) -> list[tuple[int, Piece]]:
    """Return pieces without features that a target mean on the same columns makes needless."""
    items = list(todo)
    means = {
        tuple(p.value[0]["columns"]) for _, p in items if p.path == "features" and p.value[0]["op"] == "target_mean"
    }
    return [
        (k, p)
        for k, p in items
        if not (p.path == "features" and p.value[0]["op"] == "cross" and tuple(p.value[0]["columns"]) in means)
    ]


def _covered(piece: Piece, precise: set[str]) -> bool:
    if piece.path == "categories.encoder":
        return "categories.columns" in precise or piece.key in precise
    return piece.key in precise


def _needless(line: _Line) -> bool:
    return bool(NEUTRAL.match(line.clause.words) or FACT.match(line.clause.words)) or not re.search(
        r"[a-z]{3}", line.clause.words
    )


def _shown(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else flat[: SHOWN - 1].rstrip() + "…"
