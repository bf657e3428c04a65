from __future__ import annotations

import ast
import asyncio

import pytest
from msgspec.structs import replace

from mle_ideator_jupyter.brief import Brief
from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.facts import ColumnProfile, KernelFacts, Profile, TargetProfile
from mle_ideator_jupyter.implementers.recipe import RecipeImplementer, render_trial
from mle_ideator_jupyter.model import Idea, RecipeEdit, Task, Trial
from mle_ideator_jupyter.protocols import CellResult, Finish
from mle_ideator_jupyter.recipe import Recipe, apply_edit
from tests.doubles import BINDING, PROFILE, idea_number
from tests.unit.recipe_cases import case, one

NUMBERS = Profile(
    rows=100,
    target=TargetProfile(name="y", problem="regression", quantiles=(-1.0, 0, 0, 0, 0, 0, 1.0)),
    columns=(
        ColumnProfile(name="a", dtype="float64", role="numeric"),
        ColumnProfile(name="b", dtype="object", role="categorical", distinct=3),
    ),
)


def brief(**more) -> Brief:
    return Brief(task=Task(id="t", binding=BINDING), profile=NUMBERS, **more)


HOSTILE = ['a"b', "a'b", "a\nb", "class", "a\\", "{x}", "'''", '"""', "# no", "a\tb", "\u202e"]


def test_hostile_names_and_titles_stay_data():
    """Whatever columns and titles hold, the cell parses, and defines and does only what a cell defines and does."""
    columns = tuple(ColumnProfile(name=n, dtype="float64", role="numeric") for n in HOSTILE)
    profile = replace(NUMBERS, columns=columns)
    binding = replace(BINDING, target='y"; import os #', id_column="i'd\n")
    for text in [*HOSTILE, '"""\nimport os\n"""', "x\nimport os"]:
        source = render_trial(binding, profile, Recipe(), name="trial_01", title=text, summary=text)
        tree = ast.parse(source)
        assert [type(n).__name__ for n in tree.body] == ["FunctionDef", "Assign", "ImportFrom", "Expr"]
        imported = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
        assert "os" not in imported
        listed = [
            ast.literal_eval(n.value)
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "numbers"
        ]
        assert listed == [HOSTILE]


def test_only_public_libraries_are_imported():
    binding, profile, *_ = case("regression", "rmse")
    tree = ast.parse(render_trial(binding, profile, Recipe(), name="trial_01"))
    modules = {n.module.partition(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert modules <= {"sklearn", "mle_ideator_jupyter"}
    ours = [
        a.name
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom) and n.module == "mle_ideator_jupyter"
        for a in n.names
    ]
    assert ours == ["report_score"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"target.transform": "log1p"}, "never negative"),
        ({"drop": ["a", "b"]}, "no columns"),
        (one("naive_bayes"), "classes"),
        ({"post.thresholds": True}, "thresholds"),
        ({"post.calibrate": "sigmoid"}, "probabilities"),
        ({"target.as_regression": True}, "ordered classes"),
        ({"numbers.log": ["nope"]}, "nope"),
        ({"features": [{"op": "ratio", "columns": ["a", "b"]}]}, "holds none"),
        ({"features": [{"op": "ratio", "columns": ["a"]}]}, "two columns"),
        ({"features": [{"op": "cyclic", "columns": ["a"]}]}, "period"),
        ({"models": []}, "at least one"),
        ({"models": [{"family": "linear"}], "bags": 3}, "seed"),
        (one("linear", **{"x; import os": 1}), "parameter"),
        (one("xgboost"), "pip install xgboost"),
        ({"models": [{"family": "knn", "loss": "absolute"}]}, "no absolute loss"),
        ({"models": [{"family": "hist_boosting", "loss": "poisson"}]}, "never negative"),
        ({"models": [{"family": "linear", "weight": -1.0}]}, "never negative"),
        ({"class_weight": "balanced"}, "class weights"),
        ({"rows.recent": 0.5}, "says when"),
        ({"text": {}}, "free text"),
        ({"select": 2.0}, "above 0"),
        ({"missing.sentinels": {"b": -1.0}}, "holds none"),
        ({"numbers.log": ["b"]}, "holds none"),
        ({"categories.orders": {"a": ["1", "2"]}}, "holds numbers"),
        ({"categories.columns": {"nope": "target"}}, "nope"),
        ({"drop": ["nope"]}, "nope"),
        ({"features": [{"op": "cross"}]}, "needs columns"),
    ],
)
def test_what_does_not_suit_is_refused_in_one_line(edit, words):
    kernel = KernelFacts(libraries={"scikit-learn": "1.6"})
    idea = replace(idea_number(1), edit=RecipeEdit(set=edit))
    with pytest.raises(EditError, match=words) as caught:
        RecipeImplementer().plan(brief(kernel=kernel), idea, None)
    assert "\n" not in str(caught.value)


def test_a_recipe_that_a_journal_kept_gives_the_same_cell():
    columns = tuple(ColumnProfile(name=n, dtype="object", role="categorical", distinct=2) for n in ("grade", "age"))
    orders = {"grade": ["low", "high"], "age": ["young", "old"]}
    profile, cells = replace(NUMBERS, columns=columns), []
    for kept in (orders, dict(sorted(orders.items()))):
        recipe = apply_edit(Recipe(), RecipeEdit(set={"categories.orders": kept}))
        cells.append(render_trial(BINDING, profile, recipe, name="trial_01"))
    assert cells[0] == cells[1]
    assert '["grade", "age"]' in cells[0]


def words(title: str, *steps: str) -> Idea:
    return replace(idea_number(1), edit=None, title=title, steps=steps, rationale="Because lightgbm is strong.")


def test_an_idea_without_an_edit_is_read_and_its_rationale_is_not():
    idea = words("Use a random forest", "Set min_samples_leaf to 4", "Add lag features")
    planned = RecipeImplementer().plan(brief(), idea, None)
    assert planned["models"] == [{"family": "forest", "params": {"min_samples_leaf": 4}}]
    assert RecipeImplementer().omitted(brief(), idea, None) == ("Add lag features (earlier rows)",)


def test_what_is_not_done_stands_in_the_cell():
    idea = words("Use a random forest", "Add lag features")
    implementer, told = RecipeImplementer(), brief()

    drive = implementer.implement(told, idea, 3, implementer.plan(told, idea, None))

    async def first():
        return (await drive.asend(None)).cell.source

    source = asyncio.run(first())
    assert "Not done: Add lag features (earlier rows)" in " ".join(source.split())


def test_an_idea_of_which_nothing_can_be_read_says_what_and_what_would_do_it():
    with pytest.raises(EditError, match=r"no Recipe can do this: Train a TabNet.*llm Implementer") as caught:
        RecipeImplementer().plan(brief(), words("Train a TabNet", "Use PyTorch"), None)
    assert "\n" not in str(caught.value)


def test_a_plan_builds_on_its_parent():
    parent = Trial(id="p", number=1, title="p", recipe=apply_edit(Recipe(), RecipeEdit(set={"bags": 3})).to_dict())
    planned = RecipeImplementer().plan(brief(), idea_number(7), parent)
    assert planned["bags"] == 3
    assert planned["models"][0]["params"] == {"max_iter": 107}


def test_a_trial_is_its_sample_its_cell_and_nothing_else():
    """No run is repaired behind the record's back: the last cell is the planned Recipe's, also after an error."""

    async def course(**more):
        actions, answer = [], None
        drive = RecipeImplementer().implement(brief(**more), idea_number(7), 7, Recipe().to_dict())
        while not actions or not isinstance(actions[-1], Finish):
            actions.append(await drive.asend(answer))
            answer = CellResult(status="error", message="ValueError")
        return actions

    plain, screened = asyncio.run(course()), asyncio.run(course(screen_rows=50))
    assert [a.fidelity for a in plain[:-1]] == ["full"]
    assert [a.fidelity for a in screened[:-1]] == ["sample:50", "full"]
    assert screened[1].cell.source == plain[0].cell.source
    assert plain[0].cell.keep == ("trial_07", "trial_07_result")


def test_own_moves_are_fixed_and_end():
    from mle_ideator_jupyter.brief import HistoryItem

    implementer, history, titles = RecipeImplementer(), [], []
    while (idea := implementer.own_move(brief(history=tuple(history)))) is not None:
        titles.append(idea.title)
        implementer.plan(brief(), idea, None)
        history.append(
            HistoryItem(trial=Trial(id=idea.id, number=len(history), title=idea.title, idea=idea.id), idea=idea)
        )
    assert len(titles) == len(set(titles)) >= 10
    assert PROFILE.rows == 100, "the moves look at no profile"


def test_the_best_solution_becomes_ordinary_cells(tmp_path, monkeypatch):
    import pandas as pd

    binding, profile, train, test = case("regression", "rmse")
    best = Trial(id="b", number=3, title="b", recipe=Recipe().to_dict())
    cells = RecipeImplementer().keep(Brief(task=Task(id="t", binding=binding), profile=profile), best)
    monkeypatch.chdir(tmp_path)
    scope = {"train": train, "test": test}
    for one_cell in cells:
        assert "report_score" not in one_cell.source
        exec(one_cell.source, scope)
    written = pd.read_csv(tmp_path / "submission.csv")
    assert written["id"].tolist() == test["id"].tolist()
