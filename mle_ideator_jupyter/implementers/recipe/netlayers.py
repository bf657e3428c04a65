"""What a network is made of, as text: its layers, what goes into them, and the modules that torch does not have."""

from __future__ import annotations

from mle_ideator_jupyter.model import Struct


class Shape(Struct, frozen=True, kw_only=True):
    """What decides the source beside the settings: the family, and whether classes or numbers are predicted."""

    family: str
    numeric: bool
    absolute: bool = False
    later: bool = False
    """Whether rows are in the order of time, so that the last ones are held out for stopping early."""
    embeds: bool = False
    """Whether the first columns are codes of categories."""
    image: tuple[int, int, int] = (0, 0, 0)
    """Height, width, channels."""


def helper(shape: Shape) -> tuple[str, str] | None:
    """Return the name and the source of the module that the layers begin with, where torch has none."""
    return _HELPERS.get(shape.family) if shape.embeds or shape.family == "torch_bag" else None


def layers(shape: Shape) -> list[str]:
    """Return the method that makes the network."""
    return _LAYERS[shape.family](shape)


def _table_layers(shape: Shape) -> list[str]:
    lines = ["def _layers(self, X, outputs):", "    layers, width = [], X.shape[1]"]
    if shape.embeds:
        lines[1:] = [
            "    first = Embedded([int(X[:, k].max()) + 3 for k in range(self.categories)])",
            "    layers, width = [first], first.width + X.shape[1] - self.categories",
        ]
    return [
        *lines,
        "    for _ in range(self.depth):",
        "        layers += [nn.Linear(width, self.width), nn.ReLU(), nn.Dropout(self.dropout)]",
        "        width = self.width",
        "    return nn.Sequential(*layers, nn.Linear(width, outputs))",
    ]


def _image_layers(shape: Shape) -> list[str]:
    return [
        "def _layers(self, X, outputs):",
        f"    layers, before, width = [], {shape.image[2]}, self.width",
        "    for _ in range(self.depth):",
        "        layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width)]",
        "        layers += [nn.ReLU(), nn.MaxPool2d(2)]",
        "        before, width = width, 2 * width",
        "    layers += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(self.dropout)]",
        "    return nn.Sequential(*layers, nn.Linear(4 * before, outputs))",
    ]


def _bag_layers(_: Shape) -> list[str]:
    return [
        "def _layers(self, X, outputs):",
        "    layers = [nn.Dropout(self.dropout)]",
        "    for _ in range(self.depth - 1):",
        "        layers += [nn.Linear(self.width, self.width), nn.ReLU(), nn.Dropout(self.dropout)]",
        "    return Bag(X.shape[1], self.width, nn.Sequential(*layers, nn.Linear(self.width, outputs)))",
    ]


_LAYERS = {"torch_mlp": _table_layers, "torch_cnn": _image_layers, "torch_bag": _bag_layers}


def inputs(shape: Shape) -> list[str]:
    """Return the methods that make tensors of rows."""
    tensor = "torch.tensor(np.asarray(X, dtype=np.float32), device=self.device_)"
    if shape.family == "torch_mlp":
        return ["def _inputs(self, X):", f"    return {tensor}"]
    if shape.family == "torch_cnn":
        height, width, channels = shape.image
        lines = ["def _inputs(self, X):", f"    X = ({tensor} - self.mean_) / self.spread_"]
        if channels == 1:
            return [*lines, f"    return X.reshape(-1, 1, {height}, {width})"]
        return [*lines, f"    return X.reshape(-1, {height}, {width}, {channels}).permute(0, 3, 1, 2)"]
    return [
        "def _inputs(self, X):",
        "    return csr_matrix(X, dtype=np.float32)",
        "",
        "def _terms(self, X):",
        "    parts = X.indices.astype(np.int64), X.indptr[:-1].astype(np.int64), X.data",
        "    return [torch.tensor(part, device=self.device_) for part in parts]",
    ]


_HELPERS = {
    "torch_mlp": (
        "Embedded",
        '''\
class Embedded(nn.Module):
    """Embed the codes in the first columns (-2 is missing, -1 unknown) and join the numbers to them."""

    def __init__(self, levels):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(n, min(32, (n + 1) // 2)) for n in levels)
        self.width = sum(table.embedding_dim for table in self.tables)

    def forward(self, X):
        codes = X[:, : len(self.tables)].long() + 2
        parts = [table(codes[:, k]) for k, table in enumerate(self.tables)]
        return torch.cat([*parts, X[:, len(self.tables) :]], dim=1)
''',
    ),
    "torch_bag": (
        "Bag",
        '''\
class Bag(nn.Module):
    """Add up the embeddings of a row's terms, each times the term's value, and go on from there."""

    def __init__(self, terms, width, layers):
        super().__init__()
        self.table = nn.EmbeddingBag(terms, width, mode="sum")
        nn.init.normal_(self.table.weight, std=0.1)
        self.layers = layers

    def forward(self, terms, starts, values):
        return self.layers(self.table(terms, starts, per_sample_weights=values))
''',
    ),
}
