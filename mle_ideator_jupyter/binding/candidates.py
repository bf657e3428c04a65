"""What in the kernel could be a task's data: frames, arrays and split pairs, most likely first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from mle_ideator_jupyter.facts import Namespace, Variable
from mle_ideator_jupyter.model import Struct

TEST_NAME = re.compile(
    r"(?i)(^|_)(df_?)?(test|te|tst|eval|infer|future|submit|unlabel|holdout|predict|score|new|unseen)[a-z]*\d*(_|$)|(^|_)test"
)
TRAIN_NAME = re.compile(
    r"(?i)(^|_)(df_?)?train|^(df|data|dataset|frame|table|raw|full|all_data)(_?(df|full|all|raw))?$|_df$|_data$"
)
SUBMISSION_NAME = re.compile(r"(?i)submi|(^|_)sub$|^sample$|^ss$")
_FEATURES = re.compile(r"^[Xx](_|$|[a-z]*_)|(?i:features?$)")
LEAST_SIDE, MOST_PIXELS = 8, 4096
"""Arrays of images are made tables of where their sides are no shorter, and their pixels no more."""
_COLOURS = (1, 3, 4)
_WHOLE = (
    ("images", "target"),
    ("images", "labels"),
    ("images", "y"),
    ("X", "y"),
    ("X", "Y"),
    ("x", "y"),
    ("X_all", "y_all"),
    ("X_full", "y_full"),
    ("X_data", "y_data"),
    ("features", "target"),
    ("features", "targets"),
    ("features", "labels"),
    ("features", "label"),
    ("data", "target"),
    ("data", "labels"),
    ("inputs", "targets"),
    ("inputs", "labels"),
)
_SPLITS = (
    ("X_train", "y_train", "X_test"),
    ("X_train", "Y_train", "X_test"),
    ("x_train", "y_train", "x_test"),
    ("X_tr", "y_tr", "X_te"),
    ("Xtrain", "ytrain", "Xtest"),
    ("train_X", "train_y", "test_X"),
    ("train_x", "train_y", "test_x"),
    ("trainX", "trainY", "testX"),
    ("train_features", "train_labels", "test_features"),
    ("train_features", "train_target", "test_features"),
    ("train_data", "train_labels", "test_data"),
    ("train_inputs", "train_targets", "test_inputs"),
)


class Data(Struct, frozen=True, kw_only=True):
    """One possibility: expressions for the frames, what is known of their columns, and the target where it shows."""

    train: str
    columns: Variable | None = None
    test: str | None = None
    test_columns: Variable | None = None
    target: str | None = None
    prepare: tuple[str, ...] = ()


def frames(namespace: Namespace) -> list[Variable]:
    """Return the data frames that hold rows, in the order they were made; sample submissions aside."""
    return [
        v
        for v in namespace.variables
        if v.type.endswith(".DataFrame") and v.columns and v.shape[0] > 0 and not SUBMISSION_NAME.search(v.name)
    ]


def expression(frame: Variable) -> str:
    """Return the expression that gives a pandas frame with text column names."""
    name = f"{frame.name}.to_pandas()" if frame.type.startswith("polars") else frame.name
    return f"{name}.rename(columns=str)" if "not text" in frame.note else name


def candidates(namespace: Namespace, target: str | None) -> Iterator[Data]:
    """Yield what could be the data: pairs of frames, single frames, X and y, split pairs.

    A target that was asked for keeps only frames that have such a column.
    """
    found = frames(namespace)
    yield from _pairs(found, target)
    yield from _singles(found, target)
    by_name = {v.name: v for v in namespace.variables}
    pandas = next((v.name for v in namespace.variables if v.type == "module" and v.note == "pandas"), "")
    sets = [(n, f"{n.removesuffix('.data')}.target", "") for n in by_name if n.endswith(".data")]
    for names in (*((x, y, "") for x, y in _WHOLE), *_SPLITS, *sets):
        made = _assembled(by_name, names, pandas or '__import__("pandas")')
        if made is not None and target in {None, made.target}:
            yield made


def of_frame(frame: Variable, found: Sequence[Variable]) -> Data:
    """Return one frame as data, with the test frame that goes with it, if there is one."""
    best = max((b for b in found if b.name != frame.name), key=lambda b: _fit(frame, b), default=None)
    if best is None or not _fit(frame, best):
        return Data(train=expression(frame), columns=frame)
    return Data(train=expression(frame), columns=frame, test=expression(best), test_columns=best)


def _fit(train: Variable, test: Variable) -> int:
    """Return how well a frame goes as the test data of another: 0 not at all.

    What was only split into features and target has as many rows, and is no test data.
    """
    mine, other = set(train.columns), set(test.columns)
    named = TEST_NAME.search(test.name) is not None and TEST_NAME.search(train.name) is None
    if not other <= mine or len(other) < 0.5 * len(mine) - 1:
        return 0
    left = len(mine) - len(other)
    alike = _stem(train.name) == _stem(test.name)
    if left == 1 and named and not (_FEATURES.search(test.name) and not _FEATURES.search(train.name)):
        return 6 + alike
    if named and not _FEATURES.search(test.name):
        return 3 + alike
    return 0


def _stem(name: str) -> str:
    return re.sub(r"(?i)train(ing)?|test(ing)?", "", name).strip("_")


def _pairs(found: Sequence[Variable], target: str | None) -> Iterator[Data]:
    """Yield pairs of frames where exactly one column, the target, is missing in the second."""
    pairs = [(a, b) for a in found for b in found if a.name != b.name and len(set(a.columns) - set(b.columns)) == 1]
    scored = [(a, b, _fit(a, b) + bool(re.search("(?i)train", a.name))) for a, b in pairs if _fit(a, b)]
    if not scored and len(found) == 2:
        scored = [(a, b, 1) for a, b in pairs if _unnamed_pair(a, b)]
    for a, b, _ in sorted(scored, key=lambda p: -p[2]):
        (only,) = set(a.columns) - set(b.columns)
        if target in {None, only}:
            yield Data(train=expression(a), columns=a, test=expression(b), test_columns=b, target=only)


def _unnamed_pair(train: Variable, test: Variable) -> bool:
    """Return whether the only two frames are a pair although no name says so, and not one made from the other."""
    (only,) = set(train.columns) - set(test.columns)
    derived = train.name in test.name or test.name in train.name or train.shape[0] == test.shape[0]
    return not derived and set(test.columns) < set(train.columns) and not re.search(r"(?i)(^|_)id$", only)


def _singles(found: Sequence[Variable], target: str | None) -> Iterator[Data]:
    """Yield single frames, those named like training data first, with the test frame that fits."""

    def rank(frame: Variable) -> int:
        if TEST_NAME.search(frame.name):
            return 3
        if re.search("(?i)train", frame.name):
            return 0
        return 1 if TRAIN_NAME.search(frame.name) else 2

    usable = [f for f in found if (target in f.columns if target else not _FEATURES.search(f.name))]
    for frame in sorted(usable, key=rank):
        if rank(frame) < 3 or len(usable) == 1:
            yield of_frame(frame, found)


# ---------------------------------------------------------------- X and y


def _assembled(by_name: dict[str, Variable], names: tuple[str, str, str], pandas: str) -> Data | None:
    """Return features and target as data whose expression builds one frame of both."""
    x, y = by_name.get(names[0]), by_name.get(names[1])
    if x is None or y is None or len(x.shape) < 2 or not y.shape or x.shape[0] != y.shape[0]:
        return None
    features, answers = _features(x, pandas), _answers(y)
    if features is None or answers is None:
        return None
    columns = x.columns or _pixels(x)[0] or tuple(f"x{i}" for i in range(x.shape[1]))
    if x.type == "pandas.DataFrame" and "not text" in x.note:
        columns = tuple(f"x{c}" for c in columns)
    label = y.columns[0] if y.columns and y.columns[0] else "target"
    while label in columns:
        label += "_"
    simple = label.isidentifier() and not _keyword(label)
    added = f"{label}={answers}" if simple else f"**{{{label!r}: {answers}}}"
    known = len(x.dtypes) == len(columns)
    summary = msgspec.structs.replace(
        x,
        columns=(*columns, label),
        dtypes=((*x.dtypes,) if known else ("float64",) * len(columns)) + (y.dtypes[:1] or ("object",)),
        distinct=((*x.distinct,) if len(x.distinct) == len(columns) else (0,) * len(columns))
        + (y.distinct[:1] or (0,)),
        missing=((*x.missing,) if len(x.missing) == len(columns) else (0.0,) * len(columns))
        + (y.missing[:1] or (0.0,)),
        shape=(x.shape[0], len(columns) + 1),
    )
    test = by_name.get(names[2])
    fits = test is not None and len(test.shape) >= 2 and test.shape[1:] == x.shape[1:]
    other = _features(test, pandas) if test is not None and fits else None
    return Data(train=f"{features}.assign({added})", columns=summary, test=other, target=label)


def _keyword(name: str) -> bool:
    import keyword

    return keyword.iskeyword(name)


def _pixels(x: Variable) -> tuple[tuple[str, ...], str]:
    """Return the columns of an array of images, and the expression of their names; nothing where it is none.

    Images are (rows, height, width), with colours last or, as torch has them, first.
    """
    sizes = _sizes(x)
    if sizes is None:
        return (), ""
    height, width, channels = sizes
    loops = f"for i in range({height}) for j in range({width})"
    if channels is None:
        names = tuple(f"pixel_{i}_{j}" for i in range(height) for j in range(width))
        return names, f'[f"pixel_{{i}}_{{j}}" {loops}]'
    names = tuple(f"pixel_{i}_{j}_{k}" for i in range(height) for j in range(width) for k in range(channels))
    return names, f'[f"pixel_{{i}}_{{j}}_{{k}}" {loops} for k in range({channels})]'


def _sizes(x: Variable) -> tuple[int, int, int | None] | None:
    """Return height, width and channels (None where there is no such axis) of an array of images."""
    if x.type != "numpy.ndarray" or len(x.shape) not in {3, 4}:
        return None
    sides = x.shape[1:]
    if _colours_first(x):
        sides = (*sides[1:], sides[0])
    height, width = sides[:2]
    channels = sides[2] if len(sides) > 2 else None
    if min(height, width) < LEAST_SIDE or height * width * (channels or 1) > MOST_PIXELS:
        return None
    return (height, width, channels) if (channels or 1) in _COLOURS else None


def _colours_first(x: Variable) -> bool:
    return len(x.shape) == 4 and x.shape[1] in _COLOURS and x.shape[3] not in _COLOURS


def _features(x: Variable, pandas: str) -> str | None:
    if len(x.shape) > 2:
        names = _pixels(x)[1]
        turned = f"{x.name}.transpose(0, 2, 3, 1)" if _colours_first(x) else x.name
        return f"{pandas}.DataFrame({turned}.reshape(len({x.name}), -1), columns={names})" if names else None
    if x.type == "pandas.DataFrame":
        return f'{x.name}.add_prefix("x")' if "not text" in x.note else x.name
    if x.type == "polars.DataFrame":
        return f"{x.name}.to_pandas()"
    if x.type in {"numpy.ndarray", "list"}:
        return f'{pandas}.DataFrame({x.name}).add_prefix("x")'
    return None


def _answers(y: Variable) -> str | None:
    """Return the target as an expression of values by position: an index of its own must not reorder it."""
    if y.type.endswith(".Series"):
        return f"{y.name}.to_numpy()"
    if y.type.endswith(".DataFrame") and len(y.columns) == 1:
        return f"{y.name}.to_numpy().ravel()"
    if y.type == "numpy.ndarray":
        return y.name if len(y.shape) == 1 else f"{y.name}.ravel()" if y.shape[1:] == (1,) else None
    return y.name if y.type == "list" and len(y.shape) == 1 else None
