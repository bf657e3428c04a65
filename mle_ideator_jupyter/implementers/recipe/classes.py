"""Small transformers and estimators that scikit-learn has none of; rendered into a cell only where it needs them."""

from __future__ import annotations

from mle_ideator_jupyter.implementers.recipe.context import Context


def need(context: Context, name: str) -> str:
    """Make the cell define this class, import what it uses, and return its name."""
    source, uses = _CLASSES[name]
    context.classes[name] = source
    for used in uses:
        if used == "np":
            _ = context.np
        elif used == "pd":
            _ = context.pd
        else:
            module, _, attribute = used.rpartition(".")
            context.sk(module, attribute)
    return name


_CLASSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "Clipper": (
        '''\
class Clipper(TransformerMixin, BaseEstimator):
    """Pull values beyond two training quantiles back to them."""

    def __init__(self, share=0.01):
        self.share = share

    def fit(self, X, y=None):
        self.low_, self.high_ = np.nanquantile(np.asarray(X, float), [self.share, 1 - self.share], axis=0)
        return self

    def transform(self, X):
        return np.clip(np.asarray(X, float), self.low_, self.high_)
''',
        ("np", "base.BaseEstimator", "base.TransformerMixin"),
    ),
    "Counter": (
        '''\
class Counter(TransformerMixin, BaseEstimator):
    """Replace a value by how often it occurs in the training rows."""

    def fit(self, X, y=None):
        self.counts_ = [X[c].value_counts() for c in X]
        return self

    def transform(self, X):
        columns = [X[c].map(counts).astype(float).fillna(0) for c, counts in zip(X, self.counts_)]
        return np.column_stack(columns)
''',
        ("np", "base.BaseEstimator", "base.TransformerMixin"),
    ),
    "GroupStat": (
        '''\
class GroupStat(TransformerMixin, BaseEstimator):
    """A number's statistic within its category, learned from the training rows."""

    def __init__(self, stat="mean", deviation=False):
        self.stat, self.deviation = stat, deviation

    def fit(self, X, y=None):
        category, number = X.iloc[:, 0], X.iloc[:, 1]
        self.stats_ = number.groupby(category, observed=True).agg(self.stat)
        self.overall_ = number.agg(self.stat)
        return self

    def transform(self, X):
        value = X.iloc[:, 0].map(self.stats_).astype(float).fillna(self.overall_)
        if self.deviation:
            value = X.iloc[:, 1] - value
        return value.to_numpy(float).reshape(-1, 1)
''',
        ("base.BaseEstimator", "base.TransformerMixin"),
    ),
    "NeighbourMean": (
        '''\
class NeighbourMean(TransformerMixin, BaseEstimator):
    """The mean target (share of each class) of the nearest training rows; a training row never counts itself."""

    def __init__(self, n=10, classes=False):
        self.n, self.classes = n, classes

    def fit(self, X, y):
        y = np.asarray(y).reshape(-1, 1)
        self.y_ = (y == np.unique(y)[1:]).astype(float) if self.classes else y.astype(float)
        self.near_ = NearestNeighbors(n_neighbors=min(self.n, len(X) - 1)).fit(X)
        return self

    def fit_transform(self, X, y):
        near = self.fit(X, y).near_.kneighbors(return_distance=False)
        return self.y_[near].mean(axis=1)

    def transform(self, X):
        return self.y_[self.near_.kneighbors(X, return_distance=False)].mean(axis=1)
''',
        ("np", "base.BaseEstimator", "base.TransformerMixin", "neighbors.NearestNeighbors"),
    ),
    "Rounded": (
        '''\
class Rounded(ClassifierMixin, BaseEstimator):
    """Predict ordered classes as a number, then cut the number into classes.

    With `tune`, the cuts are those that agree best (quadratic kappa) with out-of-fold predictions.
    """

    def __init__(self, regressor, tune=False):
        self.regressor, self.tune = regressor, tune

    def fit(self, X, y):
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        self.regressor_ = clone(self.regressor).fit(X, y.astype(float))
        self.cuts_ = (self.classes_[1:] + self.classes_[:-1]) / 2
        if self.tune:
            number = cross_val_predict(self.regressor, X, y.astype(float), cv=3)
            for _ in range(2):
                for k in range(len(self.cuts_)):
                    low = self.cuts_[k - 1] if k else number.min()
                    high = self.cuts_[k + 1] if k + 1 < len(self.cuts_) else number.max()
                    self.cuts_[k] = max(np.linspace(low, high, 25), key=lambda cut: self._kappa(number, y, k, cut))
        return self

    def _kappa(self, number, y, k, cut):
        cuts = np.sort(np.r_[self.cuts_[:k], cut, self.cuts_[k + 1 :]])
        return cohen_kappa_score(y, self.classes_[np.searchsorted(cuts, number)], weights="quadratic")

    def predict(self, X):
        return self.classes_[np.searchsorted(np.sort(self.cuts_), self.regressor_.predict(X))]
''',
        (
            "np",
            "base.BaseEstimator",
            "base.ClassifierMixin",
            "base.clone",
            "metrics.cohen_kappa_score",
            "model_selection.cross_val_predict",
        ),
    ),
    "WeightedClasses": (
        '''\
class WeightedClasses(ClassifierMixin, BaseEstimator):
    """Weigh class probabilities so that the score of out-of-fold predictions is best."""

    def __init__(self, classifier, score):
        self.classifier, self.score = classifier, score

    def fit(self, X, y):
        self.classifier_ = clone(self.classifier).fit(X, y)
        self.classes_ = self.classifier_.classes_
        chances = cross_val_predict(self.classifier, X, y, cv=3, method="predict_proba")
        self.weights_ = np.ones(len(self.classes_))
        for _ in range(2):
            for k in range(len(self.classes_)):
                tries = [np.r_[self.weights_[:k], w, self.weights_[k + 1 :]] for w in np.geomspace(0.25, 4, 17)]
                self.weights_ = max(tries, key=lambda w: self.score(y, self.classes_[(chances * w).argmax(axis=1)]))
        return self

    def predict(self, X):
        return self.classes_[(self.classifier_.predict_proba(X) * self.weights_).argmax(axis=1)]
''',
        ("np", "base.BaseEstimator", "base.ClassifierMixin", "base.clone", "model_selection.cross_val_predict"),
    ),
}
