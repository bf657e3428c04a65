"""What a Binding holds: what was asked, what the cells say, and what the data need."""

import numpy as np
import pandas as pd
import pytest

from mle_ideator_jupyter.errors import BindingError
from tests.unit.binding_cases import agrees, found, houses

# ---------------------------------------------------------------- arguments and metadata


def test_arguments(tmp_path):
    names = {"left": houses(), "right": houses(30, 1), "pd": pd}
    b = found(
        names, tmp_path, data="left", test="right.drop(columns='price')", target="price", metric="mean_absolute_error"
    )
    assert (b.train, b.target, b.metric.name, b.source) == ("left", "price", "mae", "arguments")
    agrees(b, names)
    assert found(names, tmp_path, target="price").train == "left"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"data": "trian", "target": "price"}, "did you mean 'train'"),
        ({"data": "train", "target": "prise"}, "did you mean 'price'"),
        ({"target": "prise"}, "did you mean 'price'"),
        ({"data": "nowhere.csv", "target": "price"}, "no file 'nowhere.csv'"),
        ({"data": "x = 1", "target": "price"}, "neither"),
        ({"data": "train", "target": "town", "metric": "rmse"}, "not numeric"),
        ({"data": "train", "target": "area", "metric": "auc"}, "two classes"),
        ({"data": "train.head(5)"}, "--target"),
        ({"data": "n"}, "data frame"),
        ({"metric": "rocauk"}, "did you mean"),
        ({"data": "train", "target": "flat"}, "constant"),
    ],
)
def test_arguments_that_cannot_work(tmp_path, asked, says):
    names = {"train": houses().assign(flat=1), "n": np.zeros(3)}
    with pytest.raises(Exception) as caught:
        found(names, tmp_path, **asked)
    assert says in str(caught.value)
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)


def test_metadata_comes_first_and_arguments_outweigh_it(tmp_path):
    names = {"train": houses(), "other": houses()}
    plain = {
        "train": "other",
        "target": "price",
        "metric": {"name": "mae", "goal": "minimize"},
        "problem": "regression",
        "splitter": {"kind": "kfold", "folds": 3},
    }
    kept = {"mle_ideator": {"binding": plain}}
    b = found(names, tmp_path, metadata=kept)
    assert (b.train, b.metric.name, b.splitter.folds, b.source) == ("other", "mae", 3, "metadata")
    assert found(names, tmp_path, metadata=kept, metric="rmse").metric.name == "rmse"
    assert found(names, tmp_path, metadata=kept, metric="rmse").train == "other"
    assert found(names, tmp_path, metadata=kept, data="train", target="area").metric.name == "mae"
    for broken in ({**plain, "target": 3}, {**plain, "train": "a b"}, {"train": "x"}, "text"):
        with pytest.raises(BindingError, match="kept in the notebook"):
            found(names, tmp_path, metadata={"mle_ideator": {"binding": broken}})
    with pytest.raises(BindingError, match="no data frame has a column 'cost': "):
        found(names, tmp_path, metadata={"mle_ideator": {"binding": {**plain, "target": "cost"}}})
    assert found(names, tmp_path, target="price", metadata={"mle_ideator": {}}).train == "train"


# ---------------------------------------------------------------- targets, ids, metrics


@pytest.mark.parametrize(
    "code",
    [
        "y = df['town']",
        "y = df.town.values",
        "X, y = df.drop('town', axis=1), df['town']",
        "y = df.pop('town')",
        "a, b, c, d = train_test_split(df.drop('town', axis=1), df['town'])",
        "df = df.drop('area', axis=1)\ny = df['town']",
        "X = df.drop(columns=['town'])",
        "TARGET = 'town'\ny = df[TARGET]",
        "target_col = 'town'",
        "def split(df):\n    y = df[['town']]\n    return y",
    ],
)
def test_the_column_that_the_cells_select(tmp_path, code):
    assert found({"df": houses()}, tmp_path, [code]).target == "town"


def test_the_last_column_only_when_the_cells_take_it(tmp_path):
    frame = houses().rename(columns={"price": "v"})
    assert found({"df": frame}, tmp_path, ["y = df.iloc[:, -1]"]).target == "v"
    with pytest.raises(BindingError, match=r"--target COLUMN: v, town, area"):
        found({"df": frame}, tmp_path, ["df.describe()"])


def test_rows_without_a_target_are_left_out(tmp_path):
    frame = houses()
    frame.loc[:4, "price"] = np.nan
    names = {"train": frame}
    train, _ = agrees(found(names, tmp_path, target="price"), names)
    assert len(train) == 55


def test_a_labelled_test_frame_loses_its_answers(tmp_path):
    names = {"train": houses(), "test": houses(20, 1)}
    _, test = agrees(found(names, tmp_path, target="price"), names)
    assert len(test) == 20


def test_derived_frames_are_no_test_data(tmp_path):
    data = houses()
    names = {"df": data, "X": data.drop(columns="price"), "y": data["price"]}
    b = found(names, tmp_path)
    assert b.test is None
    agrees(b, names)


def test_a_cleaned_copy_is_no_test_data(tmp_path):
    data = houses()
    names = {"df": data, "df_clean": data.drop(columns="id").iloc[:50]}
    b = found(names, tmp_path)
    assert (b.target, b.test) == ("price", None)
    names = {"labelled": data, "rest": houses(20, 1).drop(columns="price")}
    b = found(names, tmp_path)
    assert (b.train, b.test, b.target) == ("labelled", "rest", "price")


def test_a_dropped_feature_is_no_target(tmp_path):
    assert found({"df": houses()}, tmp_path, ["df = df.drop('town', axis=1)\ndf.pop('area')"]).target == "price"


def test_columns_that_the_test_data_lack_are_dropped(tmp_path):
    names = {"train": houses().assign(later=1.0), "test": houses(20, 1).drop(columns="price")}
    agrees(found(names, tmp_path), names)


def test_numbered_columns(tmp_path):
    names = {"df": pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)))}
    agrees(found(names, tmp_path, ["y = df.iloc[:, -1]"]), names)


def test_odd_target_names(tmp_path):
    data = houses().rename(columns={"price": 'the "price"\n'})
    names = {"X": data.iloc[:, :3], "y": data.iloc[:, 3]}
    train, _ = agrees(found(names, tmp_path), names)
    assert 'the "price"\n' in train.columns
    keyword = {"X": data.iloc[:, :3], "y": data.iloc[:, 3].rename("class")}
    agrees(found(keyword, tmp_path), keyword)


@pytest.mark.parametrize(
    ("source", "target", "metric", "problem"),
    [
        ("roc_auc_score(y, p)", "flag", "auc", "binary"),
        ("cross_val_score(m, X, y, scoring='neg_mean_absolute_error')", "price", "mae", "regression"),
        ("from sklearn.metrics import mean_squared_log_error", "price", "rmsle", "regression"),
        ("f1_score(y, p, average='macro')", "grade", "macro_f1", "multiclass"),
        ("cohen_kappa_score(y, p, weights='quadratic')", "grade", "qwk", "ordinal"),
        ("Submissions are scored by the area under the ROC curve.", "flag", "auc", "binary"),
        ("roc_auc_score(y, p)", "price", "rmse", "regression"),
        ("", "flag", "auc", "binary"),
        ("", "grade", "logloss", "multiclass"),
        ("RandomForestRegressor().fit(X, y)", "grade", "rmse", "regression"),
        ("", "town", "auc", "binary"),
    ],
)
def test_metric_and_problem(tmp_path, source, target, metric, problem):
    data = houses().assign(flag=[0, 1] * 30, grade=[1, 2, 3, 4, 5] * 12)
    b = found({"df": data}, tmp_path, [source], target=target)
    assert (b.metric.name, b.problem) == (metric, problem)


def test_many_rows_are_held_out(tmp_path):
    assert found({"df": houses(10_001)}, tmp_path, target="price").splitter.kind == "holdout"
    assert found({"df": houses(10_001)}, tmp_path, target="town").splitter.kind == "stratified_holdout"


def test_a_lone_pair_of_files(tmp_path):
    houses().to_csv(tmp_path / "train.csv", index=False)
    houses().drop(columns="price").to_csv(tmp_path / "test.csv", index=False)
    b = found({}, tmp_path)
    assert (b.train, b.test, b.target, b.id_column) == ("train", "test", "price", "id")
    assert found({}, tmp_path, data="train.csv").test == "test"


def test_polars_file(tmp_path):
    houses().to_csv(tmp_path / "h.csv", index=False)
    b = found({}, tmp_path, ["import polars as pl", "df = pl.read_csv('h.csv')", "y = df['price']"])
    assert (b.train, b.prepare) == ("df.to_pandas()", ("import polars as pl", "df = pl.read_csv('h.csv')"))


def test_parquet(tmp_path):
    houses().to_parquet(tmp_path / "h.parquet")
    b = found({}, tmp_path, data="h.parquet", target="town")
    assert (b.problem, b.prepare[-1]) == ("binary", "train = pd.read_parquet('h.parquet')")


def test_files_that_are_gone_or_empty(tmp_path):
    with pytest.raises(BindingError, match=r"the notebook reads lost\.csv, which is not in "):
        found({}, tmp_path, ["import pandas as pd\ndf = pd.read_csv('lost.csv')"])
    (tmp_path / "train.csv").write_text("a,b\n")
    with pytest.raises(BindingError, match="is empty"):
        found({}, tmp_path)
