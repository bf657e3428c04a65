"""Recipe edits read out of an idea's words: what is named is done, what cannot be is said, nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mle_ideator_jupyter.errors import EditError
from mle_ideator_jupyter.facts import ColumnProfile
from mle_ideator_jupyter.implementers.recipe import render_trial
from mle_ideator_jupyter.implementers.recipe.reading import Mapped, Scene, read_idea
from mle_ideator_jupyter.recipe import Recipe, apply_edit
from tests.unit.reading_cases import TASKS, corpus, figures, measured, scene


def read(title: str, *steps: str, data: str = "houses", parent: dict | None = None) -> Mapped:
    return read_idea(title, steps, scene(data, parent))


def result(title: str, *steps: str, data: str = "houses", parent: dict | None = None) -> Recipe:
    edit = read(title, *steps, data=data, parent=parent).edit
    before = scene(data, parent).recipe
    return apply_edit(before, edit) if edit else before


@pytest.mark.parametrize("row", corpus("develop"), ids=lambda row: row["title"])
def test_the_ideas_that_the_rules_were_written_for_are_read_exactly(row):
    reading = measured(row)
    assert reading.found == reading.wanted
    assert all(reading.said), reading.mapped.unmapped


def test_what_was_learned_from_later_stays_learned():
    later = figures([measured(row) for row in corpus("later")])
    assert later["precision"] >= 0.95
    assert later["recall"] >= 0.95
    assert later["could not be done, and said"] == 1


def test_most_of_what_was_held_back_is_read_too():
    held = figures([measured(row) for row in corpus("held_out")])
    assert held["precision"] >= 0.9
    assert held["recall"] >= 0.9
    assert held["could not be done, and said"] >= 0.9


@pytest.mark.parametrize("row", corpus("develop") + corpus("held_out") + corpus("later"), ids=lambda row: row["title"])
def test_whatever_is_read_renders_and_is_read_the_same_again(row):
    here = scene(row["data"], row.get("parent"))
    once, again = (read_idea(row["title"], row["steps"], here) for _ in range(2))
    assert once == again
    if once.edit is None:
        assert once.unmapped
        assert not once.mapped
        return
    recipe = apply_edit(here.recipe, once.edit)
    assert recipe != here.recipe
    source = render_trial(here.binding, here.profile, recipe, name="trial_01")
    compile(source, "cell", "exec")
    here = replace(here, recipe=recipe)
    more = read_idea(row["title"], row["steps"], here)
    moves = any(
        word in row["title"].lower() for word in ("lower the", "increase")
    )  # less, or more, of what there is now
    assert moves or more.edit is None or apply_edit(recipe, more.edit).features == recipe.features


@pytest.mark.parametrize(
    ("title", "steps", "kept"),
    [
        ("Do not use target encoding for Neighborhood", (), "categories"),
        ("One-hot encode MSZoning", ("Avoid target encoding of Neighborhood",), "target"),
        ("Keep the loss as it is", ("Never train on the absolute error",), "models"),
        ("Tidy up", ("Don't drop LotArea", "Without log-transforming the target"), "drop"),
    ],
)
def test_what_is_denied_is_not_done(title, steps, kept):
    recipe = result(title, *steps)
    assert getattr(recipe, kept) == getattr(Recipe(), kept)
    assert "target" not in recipe.categories.columns.values()


def test_instead_of_is_the_other_way_round():
    recipe = result("Use frequency encoding for Neighborhood instead of target encoding")
    assert recipe.categories.columns == {"Neighborhood": "count"}
    assert [m.family for m in result("Use LightGBM rather than random forest").models] == ["lightgbm"]


def test_names_are_found_quoted_and_in_any_case_and_only_whole():
    for said in ("`grlivarea`", "'GrLivArea'", '"GRLIVAREA"', "grlivarea"):
        assert result(f"Take the log of {said}").numbers.log == ("GrLivArea",)
    assert result("Take the log of GrLivAreas").numbers.log == ()


def test_a_column_that_is_not_there_is_named():
    mapped = read("Drop columns", "Drop `PoolQC` and `Utilities`")
    assert mapped.edit is not None
    assert mapped.edit.append == {"drop": ["PoolQC"]}
    assert any("Utilities" in said for said in mapped.unmapped)


@pytest.mark.parametrize(
    "step", ["Add SalePrice / GrLivArea", "Add the ratio of SalePrice to LotArea", "Add SalePrice * Id"]
)
def test_target_and_id_never_become_features(step):
    mapped = read("A new feature", step)
    assert mapped.edit is None
    assert any("is no feature" in said for said in mapped.unmapped)


def test_the_target_means_of_a_group_are_learnt_out_of_fold():
    (made,) = result("Average SalePrice per Neighborhood").features
    assert (made.op, made.columns) == ("target_mean", ("Neighborhood",))


def test_a_value_out_of_range_is_said_and_not_set():
    mapped = read("Boost faster", "Set learning_rate to 7")
    assert mapped.edit is None
    assert "learning rate 7 is not between" in mapped.unmapped[0]


def test_what_does_not_suit_the_data_is_left_out_with_its_reason():
    mapped = read("Tweak", "Set class_weight='balanced'", "Drop PoolQC")
    assert mapped.edit is not None
    assert mapped.edit.append == {"drop": ["PoolQC"]}
    assert any("class weights are for classes" in said for said in mapped.unmapped)


def test_a_model_that_is_not_installed_is_said():
    here = replace(scene("houses"), libraries={"scikit-learn": "1.6", "pandas": "2.2"})
    mapped = read_idea("Switch to XGBoost", ["Use XGBRegressor"], here)
    assert mapped.edit is None
    assert any("not installed" in said for said in mapped.unmapped)


def test_scaling_that_trees_do_not_feel_is_said():
    mapped = read("Scale", "Apply RobustScaler to the numeric columns", "Drop PoolQC")
    assert any("changes nothing" in said for said in mapped.unmapped)


def test_an_idea_beyond_recipes_is_not_done_by_halves():
    mapped = read("Fine-tune BERT on the text", "Fit logistic regression on its embeddings", data="reviews")
    assert mapped.edit is None
    assert "pretrained language models" in mapped.unmapped[0]


def test_the_settings_go_to_the_model_that_has_them():
    recipe = result("Blend", "Blend LightGBM (num_leaves=15) with ridge regression, alpha = 5")
    assert {m.family: m.params for m in recipe.models} == {"lightgbm": {"num_leaves": 15}, "linear": {"alpha": 5.0}}


def test_more_and_less_start_from_what_there_is():
    parent = {"models": [{"family": "lightgbm", "params": {"learning_rate": 0.08}}]}
    assert result("Halve the learning rate", parent=parent).models[0].params["learning_rate"] == 0.04


NAMES = ["a.b", "x(y)", "price [€]", "§a§", "rate", "log", "42", "A B", "A", "`t`", "naïve\nline", "__", "mean"]


@given(
    st.lists(
        st.sampled_from(
            [
                *NAMES,
                *[
                    "drop",
                    "use",
                    "log",
                    "of",
                    "/",
                    "-",
                    "*",
                    "+",
                    ",",
                    "and",
                    "not",
                    "the",
                    "ratio",
                    "target",
                    "encode",
                    "blend",
                    "LightGBM",
                    "0.1",
                    "50%",
                    "=",
                    "(",
                    ")",
                    "trees",
                    "by",
                    "per",
                    "each",
                ],
            ]
        ),
        max_size=14,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_text_and_no_name_breaks_it(words):
    binding, profile = TASKS["houses"]
    columns = tuple(ColumnProfile(name=n, dtype="float64", role="numeric", distinct=99) for n in NAMES)
    here = Scene(binding=binding, profile=replace(profile, columns=columns), recipe=Recipe())
    mapped = read_idea(" ".join(words), [" ".join(reversed(words))], here)
    if mapped.edit is not None:
        recipe = apply_edit(here.recipe, mapped.edit)
        render_trial(binding, here.profile, recipe, name="trial_01")
        for made in recipe.features:
            assert set(made.columns) <= set(NAMES)
    assert all(len(said) <= 400 and "\n" not in said for said in mapped.unmapped)


@given(st.text(max_size=400), st.lists(st.text(max_size=200), max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_text_at_all_is_read_or_said(title, steps):
    mapped = read_idea(title, steps, scene("churn"))
    assert mapped.edit is not None or not mapped.mapped


def test_a_long_text_is_read_in_a_moment():
    read_idea("a / b " * 3000, ["ratio of " * 500 + "tenure", "x" * 5000, "§" * 2000, "1," * 2000] * 20, scene("churn"))


def test_an_edit_that_fits_no_recipe_never_comes_out():
    with pytest.raises(EditError):
        apply_edit(Recipe(), replace(read("Drop PoolQC").edit, set={"nothing": 1}))
