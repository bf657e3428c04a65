"""The source of a network as a scikit-learn estimator in torch, with the lines that its Recipe needs and no others."""

from __future__ import annotations

from mle_ideator_jupyter.implementers.recipe.netlayers import Shape, inputs, layers
from mle_ideator_jupyter.implementers.recipe.netsettings import Network, arguments

_SAID = {
    "torch_mlp": "A network over numbers{after}",
    "torch_cnn": "A small convolutional network over {size}",
    "torch_bag": "A network over a bag of embeddings: one for each term, weighed by its value",
}


def source(name: str, shape: Shape, network: Network) -> str:
    """Return the class `name`, as text that is indented by nothing."""
    lines = [
        f"class {name}({'Regressor' if shape.numeric else 'Classifier'}Mixin, BaseEstimator):",
        *_indented(_documented(shape), *_init(shape, network), "", *_fit(shape, network), ""),
        *_indented(*layers(shape), "", *inputs(shape)),
        *(_indented("", *_loss(shape)) if network.patience else []),
        *_indented("", *_outputs(shape)),
    ]
    return "\n".join(lines) + "\n"


def _indented(*lines: str) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def _documented(shape: Shape) -> str:
    height, width, channels = shape.image
    size = f"images of {height} × {width}" + (f" × {channels}" if channels > 1 else "")
    after = ", and embeddings of the categories, which stand first" if shape.embeds else ""
    return f'"""{_SAID[shape.family].format(size=size, after=after)}; on the GPU where there is one."""'


def _init(shape: Shape, network: Network) -> list[str]:
    names = arguments(shape.family, network, embeds=shape.embeds)
    parts = [names[k : k + 4] for k in range(0, len(names), 4)]
    return [
        "",
        "def __init__(",
        f"    self, {', '.join(parts[0])},",
        *(f"    {', '.join(part)}," for part in parts[1:]),
        "):",
        *(f"    {', '.join(f'self.{n}' for n in part)} = {', '.join(part)}" for part in parts),
    ]


def _fit(shape: Shape, network: Network) -> list[str]:
    """Return the methods that train."""
    lines = [
        "def fit(self, X, y):",
        '    self.device_ = "cuda" if torch.cuda.is_available() else "cpu"',
        "    with torch.random.fork_rng(range(torch.cuda.device_count())):  # the notebook's random state stays",
        "        torch.manual_seed(self.random_state)",
        "        self._train(X, y)",
        "    return self",
        "",
        "def _train(self, X, y):",
    ]
    if shape.numeric:
        lines.append("    y = torch.tensor(np.asarray(y, dtype=np.float32), device=self.device_)")
    else:
        lines.append("    self.classes_, y = np.unique(y, return_inverse=True)")
        lines.append("    y = torch.tensor(y, device=self.device_)")
    if shape.family == "torch_cnn":
        lines.append("    self.mean_, self.spread_ = float(np.mean(X)), float(np.std(X)) + 1e-6")
    outputs = "1" if shape.numeric else "len(self.classes_)"
    lines.append("    X = self._inputs(X)")
    lines.append(f"    self.net_ = self._layers(X, {outputs}).to(self.device_)")
    lines += [f"    {line}" for line in (*_rows(shape, network), *_optimiser(network))]
    lines.append("    for _ in range(self.epochs):")
    lines += [f"        {line}" for line in _epoch(shape, network)]
    if network.patience:
        lines.append("    self.net_.load_state_dict(kept)")
    return lines


def _rows(shape: Shape, network: Network) -> list[str]:
    """Return the lines that choose the rows to learn from, and those that say when to stop."""
    if not network.patience:
        return ["rows = torch.arange(len(y))"]
    drawn = "held, rows = torch.randperm(len(y)).split([tenth, len(y) - tenth])"
    return [
        "tenth = max(1, len(y) // 10)  # of the training rows: they say when to stop",
        "rows, held = torch.arange(len(y)).split([len(y) - tenth, tenth])" if shape.later else drawn,
        'best, kept, waited = float("inf"), copy.deepcopy(self.net_.state_dict()), 0',
    ]


def _optimiser(network: Network) -> list[str]:
    lines = ["optimizer = torch.optim.AdamW(self.net_.parameters(), self.learning_rate)"]
    if network.schedule != "constant":
        lines.append("steps = self.epochs * -(-len(rows) // self.batch_size)")
    made = {
        "one_cycle": "OneCycleLR(optimizer, self.learning_rate, steps)",
        "cosine": "CosineAnnealingLR(optimizer, steps)",
    }
    if network.schedule in made:
        lines.append(f"schedule = torch.optim.lr_scheduler.{made[network.schedule]}")
    if network.mixed_precision:
        lines += [
            'cuda = self.device_ == "cuda"',
            "short = torch.float16 if cuda and not torch.cuda.is_bf16_supported(False) else torch.bfloat16",
            "scaler = torch.amp.GradScaler(self.device_, enabled=short is torch.float16)",
        ]
    return lines


def _epoch(shape: Shape, network: Network) -> list[str]:
    lines = ["self.net_.train()", "for batch in rows[torch.randperm(len(rows))].split(self.batch_size):"]
    inner = []
    inputs = _called(shape, "batch")
    if network.augment:
        inner.append("images = X[batch]")
        inputs = "images"
        if "flip" in network.augment:
            inner += [
                "turned = torch.rand(len(images), device=self.device_) < 0.5",
                "images[turned] = images[turned].flip(3)",
            ]
        if "shift" in network.augment:
            inner += [
                "place = torch.eye(2, 3, device=self.device_).repeat(len(images), 1, 1)",
                "place[:, :, 2] = torch.rand(len(images), 2, device=self.device_) / 2 - 0.25  # an eighth of the side",
                "grid = nn.functional.affine_grid(place, images.shape, align_corners=False)",
                'images = nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)',
            ]
    loss = f"loss = {_criterion(shape, inputs, 'y[batch]')}"
    if network.mixed_precision:
        inner += ["with torch.autocast(self.device_, short, enabled=cuda):", f"    {loss}"]
        inner += ["optimizer.zero_grad()", "scaler.scale(loss).backward()", "scaler.step(optimizer)", "scaler.update()"]
    else:
        inner += [loss, "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"]
    if network.schedule != "constant":
        inner.append("schedule.step()")
    lines += [f"    {line}" for line in inner]
    if network.patience:
        lines += [
            "loss = self._loss(X, y, held)",
            "if loss < best:",
            "    best, kept, waited = loss, copy.deepcopy(self.net_.state_dict()), 0",
            "else:",
            "    waited += 1",
            "    if waited == self.patience:",
            "        break",
        ]
    return lines


def _called(shape: Shape, rows: str) -> str:
    """Return what the network is given of these rows."""
    return f"*self._terms(X[{rows}.numpy()])" if shape.family == "torch_bag" else f"X[{rows}]"


def _criterion(shape: Shape, inputs: str, target: str, more: str = "") -> str:
    if not shape.numeric:
        return f"nn.functional.cross_entropy(self.net_({inputs}), {target}{more})"
    name = "l1_loss" if shape.absolute else "mse_loss"
    return f"nn.functional.{name}(self.net_({inputs})[:, 0], {target}{more})"


def _loss(shape: Shape) -> list[str]:
    summed = _criterion(shape, _called(shape, "part"), "y[part]", ', reduction="sum"')
    return [
        "def _loss(self, X, y, rows):",
        "    self.net_.eval()",
        "    total = 0.0",
        "    with torch.inference_mode():",
        "        for part in rows.split(self.batch_size):",
        f"            total += float({summed})",
        "    return total / len(rows)",
    ]


def _outputs(shape: Shape) -> list[str]:
    count = "X.shape[0]" if shape.family == "torch_bag" else "len(X)"
    lines = [
        "def _outputs(self, X):",
        "    X = self._inputs(X)",
        "    self.net_.eval()",
        "    with torch.inference_mode():",
        f"        parts = torch.arange({count}).split(self.batch_size)",
        f"        outputs = [self.net_({_called(shape, 'part')}).double().cpu() for part in parts]",
        "    return torch.cat(outputs)",
        "",
    ]
    if shape.numeric:
        return [*lines, "def predict(self, X):", "    return self._outputs(X)[:, 0].numpy()"]
    return [
        *lines,
        "def predict_proba(self, X):",
        "    return self._outputs(X).softmax(dim=1).numpy()",
        "",
        "def predict(self, X):",
        "    return self.classes_[self.predict_proba(X).argmax(axis=1)]",
    ]
