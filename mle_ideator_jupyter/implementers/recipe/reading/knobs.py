"""The parameters of models that ideas name: how they are called, by whom, and within what range."""

from __future__ import annotations

from mle_ideator_jupyter.model import Struct

_TREES = ("forest", "extra_trees")


class Knob(Struct, frozen=True, kw_only=True):
    """One parameter: how it is called, what may follow a number, each family's name and default, its range.

    `step` is by how much "more" multiplies it.
    """

    said: str
    after: str = ""
    names: dict[str, str]
    default: dict[str, float]
    least: float
    most: float
    whole: bool = True
    step: float = 2.0


_BOOST = {"hist_boosting", "lightgbm", "xgboost", "catboost"}
KNOBS: dict[str, Knob] = {
    "learning rate": Knob(
        said=r"learning[ _-]?rate(?:_init)?|\beta\b|shrinkage|step size",
        names={**dict.fromkeys(_BOOST, "learning_rate"), "mlp": "learning_rate_init"},
        default={"hist_boosting": 0.1, "lightgbm": 0.05, "xgboost": 0.05, "catboost": 0.05, "mlp": 0.001},
        least=0.0005,
        most=1.0,
        whole=False,
    ),
    "trees": Knob(
        said=r"n_?estimators|max_?iter(?:ations)?|num(?:ber)?[ _](?:of )?(?:boosting |the )?(?:trees|iterations|rounds|estimators|boosting[ _]rounds?)|n_trees|num_boost_round|boosting (?:rounds|iterations)|iterations",
        after=r"(?:boosting |decision |shallow )?(?:trees|estimators|boosting rounds|rounds|iterations)",
        names={
            "hist_boosting": "max_iter",
            "lightgbm": "n_estimators",
            "xgboost": "n_estimators",
            "catboost": "iterations",
            **dict.fromkeys(_TREES, "n_estimators"),
        },
        default={
            "hist_boosting": 100,
            "lightgbm": 300,
            "xgboost": 300,
            "catboost": 400,
            "forest": 200,
            "extra_trees": 200,
        },
        least=10,
        most=5000,
    ),
    "depth": Knob(
        said=r"max(?:imum)?[ _]?(?:tree[ _])?depth|tree depth|\bdepth\b",
        after=r"levels? deep",
        names={
            "hist_boosting": "max_depth",
            "lightgbm": "max_depth",
            "xgboost": "max_depth",
            "catboost": "depth",
            **dict.fromkeys(_TREES, "max_depth"),
        },
        default={"xgboost": 5, "catboost": 6},
        least=1,
        most=64,
        step=1.5,
    ),
    "leaves": Knob(
        said=r"num_leaves|max_leaf_nodes|(?:max(?:imum)? |the )?number of leaves|leaf nodes",
        after=r"leaves|leaf nodes",
        names={"hist_boosting": "max_leaf_nodes", "lightgbm": "num_leaves", **dict.fromkeys(_TREES, "max_leaf_nodes")},
        default={"hist_boosting": 31, "lightgbm": 31},
        least=2,
        most=1024,
    ),
    "rows in a leaf": Knob(
        said=r"min_samples_leaf|min_child_samples|min_data_in_leaf|min(?:imum)? (?:leaf size|samples? (?:per|in a|in each) leaf|child samples)|leaf size",
        after=r"(?:samples|rows|observations|data points)(?: (?:per|in a|in each|in every|at each) leaf)",
        names={
            "hist_boosting": "min_samples_leaf",
            "lightgbm": "min_child_samples",
            "catboost": "min_data_in_leaf",
            **dict.fromkeys(_TREES, "min_samples_leaf"),
        },
        default={"hist_boosting": 20, "lightgbm": 20, "forest": 2, "extra_trees": 2, "catboost": 1},
        least=1,
        most=5000,
    ),
    "rows to split": Knob(
        said=r"min_samples_split", names=dict.fromkeys(_TREES, "min_samples_split"), default={}, least=2, most=5000
    ),
    "child weight": Knob(
        said=r"min_child_weight|min(?:imum)? child weight",
        names={"xgboost": "min_child_weight", "lightgbm": "min_child_weight"},
        default={"xgboost": 1},
        least=0,
        most=1000,
        whole=False,
    ),
    "L2 penalty": Knob(
        said=r"l2[ _-](?:regulari[sz]ation|penalty|leaf[ _]reg)|reg_lambda|l2_leaf_reg|lambda_l2|\blambda\b|\bl2\b|regulari[sz]ation(?: strength)?|ridge penalty|penalty",
        names={
            "hist_boosting": "l2_regularization",
            "lightgbm": "reg_lambda",
            "xgboost": "reg_lambda",
            "catboost": "l2_leaf_reg",
            "linear": "alpha",
            "mlp": "alpha",
        },
        default={"hist_boosting": 0, "lightgbm": 0, "xgboost": 1, "catboost": 3, "linear": 1.0, "mlp": 1.0},
        least=0,
        most=10_000,
        whole=False,
    ),
    "L1 penalty": Knob(
        said=r"reg_alpha|lambda_l1|\bl1\b(?: (?:regulari[sz]ation|penalty))?",
        names={"lightgbm": "reg_alpha", "xgboost": "reg_alpha"},
        default={},
        least=0,
        most=10_000,
        whole=False,
    ),
    "alpha": Knob(
        said=r"\balpha\b",
        names={"linear": "alpha", "mlp": "alpha"},
        default={"linear": 1.0, "mlp": 1.0},
        least=1e-8,
        most=1e6,
        whole=False,
        step=10.0,
    ),
    "C": Knob(
        said=r"(?<![\w'])c(?=\s*(?:=|:|of|to|at|\d))|\binverse regulari[sz]ation(?: strength)?",
        names={"linear": "C", "svm": "C"},
        default={"linear": 1.0, "svm": 1.0},
        least=1e-5,
        most=1e5,
        whole=False,
        step=5.0,
    ),
    "gamma": Knob(
        said=r"\bgamma\b", names={"svm": "gamma", "xgboost": "gamma"}, default={}, least=0, most=1000, whole=False
    ),
    "neighbours": Knob(
        said=r"n_neighbors|(?:number of )?neighbou?rs|\bk(?=\s*=)",
        after=r"(?:nearest )?neighbou?rs",
        names={"knn": "n_neighbors"},
        default={"knn": 15},
        least=1,
        most=500,
    ),
    "share of columns": Knob(
        said=r"colsample_bytree|feature_fraction|max_features|column (?:sub)?sampl\w+|\brsm\b",
        after=r"of (?:the )?(?:columns|features) (?:per|for each|in each|at each) (?:tree|split)",
        names={
            "hist_boosting": "max_features",
            "lightgbm": "colsample_bytree",
            "xgboost": "colsample_bytree",
            "catboost": "rsm",
            **dict.fromkeys(_TREES, "max_features"),
        },
        default={},
        least=0.01,
        most=1.0,
        whole=False,
    ),
    "share of rows": Knob(
        said=r"(?<!col)subsample|bagging_fraction|row (?:sub)?sampl\w+|max_samples",
        after=r"of (?:the )?rows (?:per|for each|in each) tree",
        names={"lightgbm": "subsample", "xgboost": "subsample", **dict.fromkeys(_TREES, "max_samples")},
        default={},
        least=0.01,
        most=1.0,
        whole=False,
    ),
    "bins": Knob(
        said=r"max_bins?", names={"hist_boosting": "max_bins", "lightgbm": "max_bin"}, default={}, least=2, most=255
    ),
}
