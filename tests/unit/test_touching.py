"""What code would do to the kernel's variables, told from its source."""

from __future__ import annotations

import asyncio

import pytest

from mle_ideator_jupyter.implementers.recipe.render import render_trial
from mle_ideator_jupyter.model import Trial
from mle_ideator_jupyter.protocols import cell
from mle_ideator_jupyter.recipe import Recipe
from mle_ideator_jupyter.session.approving import Approving
from mle_ideator_jupyter.touching import bound, touched
from tests.doubles import BINDING
from tests.endpoint.ideas import PROFILE

NAMES = {"train", "df", "X", "model", "items"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("train['a'] = 1", ["train"]),
        ("train.loc[0, 'a'] += 1", ["train"]),
        ("del df['a']", ["df"]),
        ("df.columns = ['b']", ["df"]),
        ("df.drop(columns='a', inplace=True)", ["df"]),
        ("df['a'].fillna(0, inplace=True)", ["df"]),
        ("items.append(1)", ["items"]),
        ("x = [items.pop() for _ in range(2)]", ["items"]),
        ("model.fit(df, 1)", ["model"]),
        ("model = model.fit(df, 1)", ["model"]),
        ("np.random.shuffle(X)", ["X"]),
        ("Z = X\nZ[0] = 1", ["X"]),
        ("Z = df.values\nZ[0] = 1", ["df"]),
        ("def f(t):\n    t['a'] = 1\nf(df)", ["df"]),
        ("def f():\n    df['a'] = 1\nf()", ["df"]),
        ("if True:\n    for k in range(3):\n        items[k] = 0", ["items"]),
        ("df['a'] = X.pop(0)", ["X", "df"]),
        # and what changes nothing of the user's
        ("train = train.copy()\ntrain['a'] = 1", []),
        ("y = df.add(1)", []),
        ("def f(t):\n    t = t.copy()\n    t['a'] = 1\nf(df)", []),
        ("def f(df):\n    df['a'] = 1\n    return df\nf(df.copy())", []),
        ("from sklearn.linear_model import Ridge as model\nmodel.fit", []),
        ("model = Ridge()\nmodel.fit(X, 1)", []),
        ("with open('a') as items:\n    items.x = 1", []),
        ("other['a'] = 1", []),
        ("this is no python", []),
    ],
)
def test_changes_in_place_are_seen(source, names):
    assert [t.name for t in touched(source, NAMES)] == names


def test_a_change_is_told_with_its_line():
    (touch,) = touched("a = 1\ndf['x'] = a", NAMES)
    assert touch.describe() == "df (line 2: df['x'] = a)"


def test_cells_of_recipes_change_nothing():
    source = render_trial(BINDING, PROFILE, Recipe(), name="trial_01")
    assert touched(source, {*NAMES, "train", "trial_01"}) == ()


def test_names_that_a_cell_binds():
    source = (
        "import numpy as np\nfrom a import b\nx, (y, *z) = 1, (2, 3)\nfor k in x:\n    w = (v := 1)\n"
        "def f():\n    inner = 1\nclass C:\n    held = 1\nwith o as p:\n    pass\ntry:\n    pass\nexcept E as e:\n    pass\n"
        "q = [r for r in x]"
    )
    assert set(bound(source)) == {"np", "b", "x", "y", "z", "k", "w", "v", "f", "C", "p", "e", "q"}
    assert bound("no python") == ()


def approvals(*cells, mode="cell", names=frozenset(NAMES)):
    """Return what the user is asked for these cells of one trial, each answered with yes to the rest as well."""
    seen = []

    async def work():
        approving = Approving(lambda: None)
        approving.mode = mode
        for one in cells:
            asking = asyncio.ensure_future(approving.approve(one, Trial(id="t", number=1, title="x"), names=names))
            await asyncio.sleep(0)
            if approving.waiting is not None:
                seen.append(approving.waiting)
                approving._answer.set_result((True, True))
            assert await asking == ""

    asyncio.run(work())
    return seen


def test_an_approval_shows_what_would_change_in_place():
    (asked,) = approvals(cell("df['x'] = 1"))
    assert asked.touches == ("df (line 1: df['x'] = 1)",)


def test_what_was_granted_for_the_rest_does_not_cover_changes_in_place():
    asked = approvals(cell("a = 1"), cell("b = 2"), cell("df['x'] = 1"))
    assert [bool(a.touches) for a in asked] == [False, True]


def test_a_trials_own_names_are_no_touches():
    (asked,) = approvals(cell("df['x'] = 1", keep=("df",)))
    assert asked.touches == ()
