"""What is known of the data and of the kernel: the structs that a Host's profile is made of.

Shares are fractions of rows between 0 and 1. `None` says "not computed or not meaningful".
"""

from __future__ import annotations

from typing import Literal

from mle_ideator_jupyter.model import Struct

Role = Literal["numeric", "boolean", "categorical", "date", "text", "id", "constant"]


class ColumnProfile(Struct, frozen=True, kw_only=True):
    """What is known of one feature column.

    `association` is the strength of its relation with the target, 0 to 1, of any shape
    (absolute Spearman correlation, or the correlation ratio for categories); `linear` is the
    absolute Pearson correlation. `missing_effect` is the mean target where the value is missing
    and where it is present (for classes: the share of the rarest class for two classes, of the
    most common one otherwise).
    """

    name: str
    dtype: str
    role: Role
    missing: float = 0.0
    missing_test: float | None = None
    missing_effect: tuple[float, float] | None = None
    distinct: int = 0
    top: tuple[tuple[str, float], ...] = ()
    """The most frequent values and their shares, at most 8, as text."""
    rare: float = 0.0
    """Share of rows in levels that hold under 1 % of the rows each."""
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[float, ...] = ()
    """At 0, 1, 25, 50, 75, 99 and 100 %."""
    skew: float | None = None
    outliers: float = 0.0
    """Share of rows beyond 3 interquartile ranges from the quartiles."""
    zeros: float = 0.0
    integer: bool = False
    association: float | None = None
    linear: float | None = None
    leak: str | None = None
    """Why the column is suspected to give the target away, in words."""
    order: tuple[str, ...] = ()
    """The natural order of the levels, where one could be guessed (low < medium < high)."""
    sentinel: float | None = None
    """A number that probably means "missing"."""
    form: str | None = None
    """The strptime format of dates that are text, where one fits the whole column."""
    words: float | None = None
    """Mean number of words, for text."""
    parts: tuple[str, int] | None = None
    """For strings with a common structure: the separator, and how many parts."""
    spread: float | None = None
    """For categories: standard deviation of the level means of the target, over the target's own."""
    period: float | None = None
    """For numbers that go round (hour 24, month 12, weekday 7): the period."""
    drift: float | None = None
    """Train against test: Kolmogorov–Smirnov distance or total variation, 0 to 1."""
    unseen: float | None = None
    """Share of test rows whose level does not occur in train."""


class TargetProfile(Struct, frozen=True, kw_only=True):
    """What is known of the target. `classes` are labels (as text) with their shares, most common first, at most 20."""

    name: str
    problem: Literal["regression", "binary", "multiclass", "ordinal"]
    missing: float = 0.0
    distinct: int = 0
    classes: tuple[tuple[str, float], ...] = ()
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[float, ...] = ()
    skew: float | None = None
    log_skew: float | None = None
    """Skew of log1p(target), where the target is not negative."""
    integer: bool = False
    autocorrelation: float | None = None
    """Of successive rows in time order (or file order, where there is no time)."""


class Pair(Struct, frozen=True, kw_only=True):
    """Two columns and a number about them.

    The absolute correlation, or how much more their ratio, difference or product relates to
    the target than the stronger of the two alone.
    """

    a: str
    b: str
    value: float


class Image(Struct, frozen=True, kw_only=True):
    """The images that a table's columns are the pixels of: row by row, the channels of one pixel together."""

    height: int
    width: int
    channels: int = 1
    columns: tuple[str, ...]

    def describe(self) -> str:
        """Return the size in a few words: `8 × 8 pixels`."""
        return f"{self.height} × {self.width} pixels" + (f" in {self.channels} channels" if self.channels > 1 else "")


class Profile(Struct, frozen=True, kw_only=True):
    """All that is known of a task's data, without any of the rows."""

    rows: int
    test_rows: int | None = None
    target: TargetProfile
    columns: tuple[ColumnProfile, ...] = ()
    duplicates: float = 0.0
    """Share of training rows that repeat an earlier row, target included."""
    twins: float = 0.0
    """Share of training rows whose features occur earlier with *another* target."""
    correlated: tuple[Pair, ...] = ()
    """Pairs with an absolute correlation of at least 0.9, strongest first, at most 20."""
    ratios: tuple[Pair, ...] = ()
    """Pairs whose ratio relates to the target by more than either alone, strongest first, at most 8."""
    differences: tuple[Pair, ...] = ()
    products: tuple[Pair, ...] = ()
    interactions: tuple[Pair, ...] = ()
    """Pairs of categories (or few-valued numbers) whose cross relates to the target beyond both alone, at most 8."""
    group_column: str | None = None
    """A column whose values repeat and hold the target together, where rows of one value should not be split."""
    time_column: str | None = None
    test_is_later: bool = False
    """Whether the test rows all come after the training rows."""
    image: Image | None = None
    """Set where the feature columns are the pixels of images."""
    notes: tuple[str, ...] = ()
    """What was sampled, skipped or repaired while profiling, in words."""

    def column(self, name: str) -> ColumnProfile | None:
        """Return the profile of this column, or None."""
        return next((c for c in self.columns if c.name == name), None)

    def by_role(self, *roles: Role) -> tuple[ColumnProfile, ...]:
        """Return the columns of these roles, in the frame's order."""
        return tuple(c for c in self.columns if c.role in roles)


class Gpu(Struct, frozen=True, kw_only=True):
    """A GPU and its memory in MiB: all of it, what is free now, and what this process's tensors take up."""

    name: str
    memory_mb: int | None = None
    free_mb: int | None = None
    used_here_mb: int | None = None


class Resident(Struct, frozen=True, kw_only=True):
    """A tensor or model that the kernel holds, with its size in MB and where it lies (`cpu`, `cuda:0`)."""

    name: str
    type: str
    mb: float
    device: str


class KernelFacts(Struct, frozen=True, kw_only=True):
    """What the kernel has: Python, cores, memory in MiB, GPUs, machine-learning libraries with versions.

    `resident` are its tensors and models, largest first; `out_of_memory` is the kernel's last error where that
    was memory running out.
    """

    python: str = ""
    cores: int = 1
    memory_mb: int | None = None
    gpus: tuple[Gpu, ...] = ()
    libraries: dict[str, str] = {}
    resident: tuple[Resident, ...] = ()
    out_of_memory: str = ""


class Variable(Struct, frozen=True, kw_only=True):
    """A summary of one variable in the kernel: never its bulk."""

    name: str
    type: str
    """pandas.DataFrame, polars.DataFrame, numpy.ndarray, estimator …"""
    shape: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    distinct: tuple[int, ...] = ()
    """Distinct values per column (for an array: one number), counted on at most 50,000 rows."""
    missing: tuple[float, ...] = ()
    fitted: bool = False
    predicts: bool = False
    """Whether it is an estimator that predicts, and no mere transformer."""
    note: str = ""


class Namespace(Struct, frozen=True, kw_only=True):
    """What the kernel holds, and which data files its notebook reads."""

    variables: tuple[Variable, ...] = ()
    names: tuple[str, ...] = ()
    """All names but private ones."""
    functions: tuple[str, ...] = ()
    """Functions that may be a metric: the notebook's own, and scikit-learn's, that take two arguments."""
    facts: KernelFacts = KernelFacts()
