"""Plays that make numbers of free text."""

from __future__ import annotations

from collections.abc import Iterator

from mle_ideator_jupyter.ideators.playbook.play import Candidate, candidate, play
from mle_ideator_jupyter.ideators.playbook.view import TREES, View, names, strong
from mle_ideator_jupyter.model import IdeaKind
from mle_ideator_jupyter.recipe import Feature, Text

KIND = IdeaKind.FEATURE_ENGINEERING

TERMS = {
    "words": (Text(), "single words and pairs"),
    "single_words": (Text(words=(1, 1)), "single words"),
    "words_characters": (Text(char=(2, 4)), "words, pairs, and pieces of 2 to 4 characters"),
    "characters": (Text(words=None, char=(2, 5)), "pieces of 2 to 5 characters"),
    "many_dimensions": (Text(svd=150), "words and pairs, in 150 dimensions for trees"),
}


@play(
    KIND,
    when="there is free text",
    words="text tfidf words characters ngram language",
    actions={name: said for name, (_, said) in TERMS.items()},
)
def text_terms(view: View) -> Iterator[Candidate]:
    """Weigh the terms of free text."""
    if not view.texts:
        return
    share = len(view.texts) / max(1, len(view.columns))
    for param, (text, said) in TERMS.items():
        if param == "many_dimensions" and not view.uses(TREES):
            continue
        edits = {"text": text}
        yield candidate(
            param,
            f"Read {names(view.texts, 2)} as {said}",
            because=[
                f"`{c.name}` holds about {c.words or 0:.0f} words in each of {view.rows} rows" for c in view.texts[:2]
            ],
            why="What is written is left out so far."
            if view.recipe.text is None
            else "Other terms may carry what the present ones miss.",
            steps=[
                f"Weigh {said} by TF-IDF, fitted on the training part",
                "Reduce them to few dimensions for tree models",
            ],
            strength=(0.5 + 0.5 * share)
            * (1.0 if view.recipe.text is None else 0.45)
            * {"words_characters": 1.0, "single_words": 0.3}.get(param, 0.8),
            edits=edits,
        )


@play(
    KIND,
    when="text terms are used",
    words="vocabulary text terms min_df features sublinear",
    actions={
        "rare_terms": "keep terms that occur once",
        "common_terms": "keep terms of 5 rows or more",
        "large": "keep up to 100,000 terms",
        "plain_counts": "weigh by plain counts",
        "triples": "add triples of words",
    },
)
def vocabulary(view: View) -> Iterator[Candidate]:
    """Keep more, fewer or other terms."""
    text = view.recipe.text
    if text is None or not view.texts:
        return
    words = sum(c.words or 0 for c in view.texts)
    options = {
        "rare_terms": ("text.min_df", 1, text.min_df > 1, 0.4),
        "common_terms": ("text.min_df", 5, text.min_df < 5, 0.35),
        "large": ("text.max_features", 100_000, (text.max_features or 0) < 100_000 and words > 30, 0.4),
        "plain_counts": ("text.sublinear", False, text.sublinear, 0.2),
        "triples": ("text.words", [1, 3], text.words is not None and text.words != (1, 3), 0.3),
    }
    for param, (path, value, applies, strength) in options.items():
        if applies:
            yield candidate(
                param,
                f"Text: {param.replace('_', ' ')}",
                because=[
                    f"each row holds about {words:.0f} words",
                    f"terms in fewer than {text.min_df} rows are left out, and at most {text.max_features} are kept",
                ],
                why="How many terms a model sees decides between missing rare clues and drowning in them.",
                steps=[f"Set `{path.split('.')[1]}` of the TF-IDF step to {value}", "Fit it again inside each fold"],
                strength=strength,
                edits={path: value},
            )


@play(
    KIND,
    when="there is free text",
    words="text length characters words number",
    actions={"length": "characters and words", "length_numbers": "and the first number in the text"},
)
def text_length(view: View) -> Iterator[Candidate]:
    """Say how long a text is."""
    columns = tuple(c.name for c in view.texts)
    if not columns:
        return
    length = Feature(op="text_length", columns=columns)
    for param, wanted in (
        ("length", [length]),
        ("length_numbers", [length, Feature(op="number_in_text", columns=columns)]),
    ):
        features = view.new(wanted)
        if len(features) < len(wanted):
            continue
        words = max(c.words or 0 for c in view.texts)
        yield candidate(
            param,
            f"Add the length of {names(columns, 2)}",
            because=[f"texts hold about {words:.0f} words, over {view.rows} rows"],
            why="How much somebody writes often goes with what they think.",
            steps=["Count characters and words"]
            + (["Extract the first number"] if "numbers" in param else ["Add both as numbers"]),
            strength=0.25 + 0.1 * strong(words, 5, 60),
            append={"features": features},
        )
