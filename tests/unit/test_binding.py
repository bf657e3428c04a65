"""Bindings found in ten styles of notebooks, each checked by evaluating the expressions where there is data."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_wine

from mle_ideator_jupyter import profile
from mle_ideator_jupyter.binding import infer, setup_cell
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Namespace, Variable


def houses(n=60, seed=0):
    r = np.random.default_rng(seed)
    area = r.uniform(50, 200, n)
    return pd.DataFrame(
        {"id": np.arange(n), "area": area, "town": r.choice(["A", "B"], n), "price": area * 3 + r.normal(size=n)}
    )


def found(names, tmp_path, sources=(), **asked):
    return infer(profile.look(names), sources, tmp_path, **asked)


def frames_of(binding, names):
    """Return what the Binding's expressions give."""
    space = dict(names)
    for line in binding.prepare:
        exec(line, space)
    train = eval(binding.train, space)
    return train, eval(binding.test, space) if binding.test else None


def agrees(binding, names):
    train, test = frames_of(binding, names)
    assert isinstance(train, pd.DataFrame)
    assert binding.target in train.columns
    assert train[binding.target].notna().all()
    if test is not None:
        assert isinstance(test, pd.DataFrame)
        assert set(train.columns) - set(test.columns) == {binding.target}
    assert profile.profile_frames(train, test, binding).rows == len(train)
    return train, test


# ---------------------------------------------------------------- ten styles


def test_split_frames(tmp_path):
    names = {"train": houses(), "test": houses(30, 1).drop(columns="price")}
    b = found(names, tmp_path)
    agrees(b, names)
    assert (b.train, b.test, b.target, b.id_column) == ("train", "test", "price", "id")
    assert (b.problem, b.metric.name, b.splitter.protocol, b.source) == (
        "regression",
        "rmse",
        "kfold-5-seed0",
        "kernel",
    )


def test_polars(tmp_path):
    names = {"df": pl.from_pandas(houses()), "pl": pl}
    b = found(names, tmp_path, ['y = df["price"]\nX = df.drop("price")'])
    agrees(b, names)
    assert (b.train, b.target) == ("df.to_pandas()", "price")


@pytest.mark.parametrize("with_pd", [True, False])
@pytest.mark.parametrize(
    "y", [np.arange(60) % 3, [0, 1, 2] * 20, pd.Series(np.arange(60) % 3, name="kind", index=range(60, 120))]
)
def test_arrays(tmp_path, y, with_pd):
    names = {"X": np.random.default_rng(0).normal(size=(60, 4)), "y": y} | ({"pd": pd} if with_pd else {})
    b = found(names, tmp_path, ["clf = LogisticRegression()\naccuracy_score(y, p)"])
    train, _ = agrees(b, names)
    assert train.shape == (60, 5)
    assert list(train[b.target]) == list(y)
    assert (b.problem, b.metric.name, b.splitter.kind) == ("multiclass", "accuracy", "stratified")
    assert b.target == ("kind" if isinstance(y, pd.Series) else "target")


def test_a_file_path_only(tmp_path):
    (tmp_path / "data").mkdir()
    houses().to_csv(tmp_path / "data" / "houses.csv", index=False, sep=";")
    b = found({}, tmp_path, data="houses.csv", target="price")
    assert b.source == "arguments"
    assert setup_cell(b) == "import pandas as pd\n\ntrain = pd.read_csv('data/houses.csv', sep=';')"


def test_a_torch_loop(tmp_path):
    held = Namespace(
        variables=(
            Variable(name="net", type="torch.Module"),
            Variable(name="train_loader", type="torch.DataLoader"),
            Variable(name="inputs", type="torch.Tensor", shape=(100, 3)),
        )
    )
    with pytest.raises(BindingError, match=r"^train_loader is a torch DataLoader, .*--data .*--target[^\n]*$"):
        infer(held, ["for x, y in train_loader:\n    loss.backward()"], tmp_path)


def test_a_class_that_holds_frames(tmp_path):
    class Project:
        def __init__(self):
            self.train = houses()

    with pytest.raises(BindingError, match=r"^[^\n]*project.*--data 'project\.train' --target COLUMN$"):
        found({"project": Project()}, tmp_path)
    b = found({"project": Project()}, tmp_path, data="project.train", target="price", metric="mae")
    agrees(b, {"project": Project()})


@pytest.mark.parametrize("as_frame", [True, False])
def test_a_data_set_of_scikit_learn(tmp_path, as_frame):
    names = {"wine": load_wine(as_frame=as_frame)}
    train, _ = agrees(found(names, tmp_path), names)
    assert (train.shape, train["target"].nunique()) == ((178, 14), 3)


def test_split_pairs(tmp_path):
    data = houses()
    x = data.drop(columns="price")
    names = {"X_train": x[:40], "X_test": x[40:], "y_train": data["price"][:40], "y_test": data["price"][40:]}
    b = found(names, tmp_path, ["X_train, X_test, y_train, y_test = train_test_split(X, y)"])
    train, test = agrees(b, names)
    assert (b.target, len(train), len(test)) == ("price", 40, 20)


def test_split_pairs_of_arrays(tmp_path):
    data = houses()
    x, y = data[["area", "id"]].to_numpy(), data["price"].to_numpy()
    names = {"X_train": x[:40], "X_test": x[40:], "y_train": y[:40], "y_test": y[40:]}
    train, test = agrees(found(names, tmp_path), names)
    assert list(test.columns) == ["x0", "x1"]
    assert list(train["target"]) == list(y[:40])


def test_a_competition_template(tmp_path):
    folder = tmp_path / "input"
    folder.mkdir()
    data = houses().rename(columns={"id": "Key"})
    data["other"] = 1.0
    data.to_csv(folder / "train.csv", index=False)
    data.drop(columns=["price", "other"]).to_csv(folder / "test.csv", index=False)
    data[["Key", "price"]].to_csv(folder / "sample_submission.csv", index=False)
    sources = [
        "# House prices\nSubmissions are evaluated on RMSLE between predicted and true price.",
        "import pandas as pd\n!ls\nROOT = '/kaggle/input/houses'\ntrain = pd.read_csv(f'{ROOT}/train.csv')",
        "test = pd.read_csv(ROOT + '/test.csv')\nsample = pd.read_csv(ROOT + '/sample_submission.csv')",
    ]
    b = found({}, tmp_path, sources)
    assert (b.target, b.id_column, b.metric.name, b.source) == ("price", "Key", "rmsle", "files")
    here = {"__name__": "x"}
    lines = [line.replace("'input/", f"'{folder}/") for line in b.prepare]
    for line in lines:
        exec(line, here)
    train, test = eval(b.train, here), eval(b.test, here)
    assert set(train.columns) - set(test.columns) == {"price"}
    assert setup_cell(b).startswith("import pandas as pd\n\ntrain = pd.read_csv('input/train.csv')\n")


def test_no_data_at_all(tmp_path):
    with pytest.raises(BindingError, match=r"^no data found: [^\n]*--data [^\n]*$"):
        found({"n": 3}, tmp_path, ["print('hello')"])


def test_an_unexecuted_one(tmp_path):
    data = houses()
    data["sold"] = np.where(data["price"] > data["price"].median(), "yes", "no")
    data.to_csv(tmp_path / "houses.csv", index=False)
    sources = [
        "%matplotlib inline\nimport pandas as pd\nfrom pathlib import Path\nHERE = Path('.')",
        "df = pd.read_csv(HERE / 'houses.csv', index_col='id')\ndf.head()",
        "X = df.drop(columns=['sold'])\ny = df['sold']",
        "print(roc_auc_score(y, model.predict_proba(X)[:, 1]))",
    ]
    b = found({}, tmp_path, sources)
    assert (b.train, b.target, b.problem, b.metric.name, b.source) == ("df", "sold", "binary", "auc", "files")
    assert b.prepare[1] == "df = pd.read_csv('houses.csv')"
    assert b.id_column == "id"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("t = pd.read_csv('h.csv', encoding='latin1')", "t = pd.read_csv('h.csv', encoding='latin1')"),
        ("t = pd.read_csv('h.csv').set_index('id')", "t = pd.read_csv('h.csv')"),
        ("t = pd.read_csv('h.csv', usecols=cols)", "t = pd.read_csv('h.csv')"),
        ("def load(p):\n    return pd.read_csv(p)\nt = load('h.csv')", "h = pd.read_csv('h.csv')"),
        ("import os\nt = pd.read_csv(os.path.join('.', 'h.csv'))", "t = pd.read_csv('h.csv')"),
    ],
)
def test_how_a_file_is_read_again(tmp_path, code, line):
    houses().to_csv(tmp_path / "h.csv", index=False)
    assert found({}, tmp_path, ["import pandas as pd", code]).prepare == ("import pandas as pd", line)


def test_a_file_without_a_header(tmp_path, monkeypatch):
    houses().to_csv(tmp_path / "h.csv", index=False, header=False)
    monkeypatch.chdir(tmp_path)
    named = ["import pandas as pd\nt = pd.read_csv('h.csv', header=None, names=['n', 'a', 't', 'cost'])"]
    agrees(found({}, tmp_path, named, target="cost"), {})
    plain = ["import pandas as pd\nt = pd.read_csv('h.csv', header=None)\ny = t.iloc[:, -1]"]
    b = found({}, tmp_path, plain)
    assert b.target == "3"
    agrees(b, {})


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
