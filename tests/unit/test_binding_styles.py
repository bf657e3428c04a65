"""Bindings found in ten styles of notebooks, each checked by evaluating the expressions where there is data."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_wine

from mle_ideator_jupyter.binding import infer, setup_cell
from mle_ideator_jupyter.errors import BindingError
from mle_ideator_jupyter.facts import Namespace, Variable
from tests.unit.binding_cases import agrees, found, houses


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
