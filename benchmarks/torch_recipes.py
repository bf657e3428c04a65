"""Seconds per trial of torch Recipes on the GPU, against the same Recipe on the CPU, as a ratio in one run.

Each trial is the cell that the Recipe Implementer renders, run in a process of its own that has loaded torch and
trained a small network before: what is timed is the trial alone. The data are made up, so that nothing need be
fetched. On a machine without a GPU that torch can use, it says so and prints the seconds on the CPU.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import os
import subprocess
import sys
import time
from statistics import median

import numpy as np
import pandas as pd

from mle_ideator_jupyter.implementers.recipe import render_trial
from mle_ideator_jupyter.metrics import METRICS
from mle_ideator_jupyter.model import Binding, RecipeEdit, Splitter
from mle_ideator_jupyter.profile import profile_frames
from mle_ideator_jupyter.recipe import Recipe, apply_edit

ROWS = {"table": 20_000, "images": 5_000, "text": 5_000}
MODELS = {
    "table": {"family": "torch_mlp", "params": {"width": 256, "depth": 3}},
    "images": {"family": "torch_cnn", "params": {"width": 32, "depth": 3, "augment": ["shift"]}},
    "text": {"family": "torch_bag", "params": {"width": 64}},
}
WARM_ROWS = 300


def table(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 12))).add_prefix("n")
    for k, levels in enumerate((5, 20, 200)):
        frame[f"c{k}"] = rng.integers(0, levels, rows).astype(str)
    signal = frame["n0"] * frame["n1"] + np.sin(frame["n2"] * 2) + (frame["c0"] == "1")
    return frame.assign(y=np.where(signal + rng.normal(size=rows) > 0.2, "yes", "no"))


def images(rows: int, side: int = 28) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 3, rows)
    pixels = rng.integers(0, 120, (rows, side, side))
    for image, answer in zip(pixels, answers, strict=True):
        i, j = rng.integers(0, side - 10, 2)
        drawn = (np.eye(10, dtype=bool), np.eye(10, dtype=bool)[::-1], np.ones((10, 10), dtype=bool))[answer]
        image[i : i + 10, j : j + 10][drawn] += 100
    columns = [f"pixel_{i}_{j}" for i in range(side) for j in range(side)]
    return pd.DataFrame(pixels.reshape(rows, -1), columns=columns).assign(y=answers)


def text(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    words = np.array([f"word{k}" for k in range(4000)])
    drawn = rng.zipf(1.3, (rows, 60)) % 4000
    answers = (drawn[:, :30] % 7 == 0).sum(axis=1) > 4
    return pd.DataFrame({"note": [" ".join(words[d]) for d in drawn], "y": np.where(answers, "good", "bad")})


MADE = {"table": table, "images": images, "text": text}


def rendered(case: str, frame: pd.DataFrame, epochs: int) -> str:
    """Return the cell of one trial: one fit, scored on the rows held out."""
    binding = Binding(
        train="train",
        target="y",
        metric=METRICS["accuracy"],
        problem="multiclass" if case == "images" else "binary",
        splitter=Splitter(kind="stratified_holdout"),
    )
    model = {**MODELS[case], "params": {**MODELS[case]["params"], "epochs": epochs, "patience": None}}
    more = {"text": {}} if case == "text" else {}
    recipe = apply_edit(Recipe(), RecipeEdit(set={"models": [model], **more}))
    return render_trial(binding, profile_frames(frame, None, binding), recipe, name="trial_01")


def worker(case: str, rows: int, epochs: int, repeats: int) -> None:
    """Time trials in this process, and print what came of it as a line of JSON."""
    import torch

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    small, whole = MADE[case](WARM_ROWS), MADE[case](rows)
    seconds, scope = [], {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(rendered(case, small, 2), "<warm>", "exec"), {"train": small})
        source = compile(rendered(case, whole, epochs), "<trial>", "exec")
        for _ in range(repeats):
            scope = {"train": whole}
            began = time.perf_counter()
            exec(source, scope)
            seconds.append(time.perf_counter() - began)
    folds = scope["trial_01_result"][0]
    gc.collect()  # as Hosts do after a trial
    memory = torch.cuda.memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    told = {"seconds": seconds, "score": sum(folds) / len(folds), "device": device, "left_mb": memory}
    print(json.dumps(told))


def measured(case: str, options: argparse.Namespace, *, gpu: bool) -> dict:
    """Return what a process with or without a GPU measured."""
    environment = dict(os.environ) if gpu else {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    rows = max(WARM_ROWS, int(ROWS[case] * options.scale))
    command = [sys.executable, __file__, "--worker", case, "--rows", str(rows)]
    command += ["--epochs", str(options.epochs), "--repeats", str(options.repeats)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return {**json.loads(done.stdout.splitlines()[-1]), "rows": rows}


def main() -> int:
    """Measure each case in turns, and print seconds and ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="processes of each kind, in turns")
    parser.add_argument("--repeats", type=int, default=2, help="trials of a process")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--scale", type=float, help="times as many rows; without a GPU a tenth, else all")
    parser.add_argument("--cases", nargs="*", choices=list(MADE), default=list(MADE))
    parser.add_argument("--worker", choices=list(MADE), help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker, options.rows, options.epochs, options.repeats)
        return 0
    import torch

    gpu = torch.cuda.is_available()
    options.scale = options.scale or (1.0 if gpu else 0.1)
    if not gpu:
        print("no GPU that torch can use: seconds on the CPU alone, no ratio")
    for case in options.cases:
        slow, fast = [], []
        for _ in range(options.rounds):
            slow.append(measured(case, options, gpu=False))
            fast += [measured(case, options, gpu=True)] if gpu else []
        on_cpu = median(s for one in slow for s in one["seconds"])
        line = f"{case}, {slow[0]['rows']} rows, {options.epochs} epochs: {on_cpu:.2f} s on {slow[0]['device']}"
        line += f" (accuracy {slow[0]['score']:.3f})"
        if fast:
            on_gpu = median(s for one in fast for s in one["seconds"])
            line += f"; {on_gpu:.2f} s on {fast[0]['device']} (accuracy {fast[0]['score']:.3f})"
            line += f"; ratio {on_cpu / on_gpu:.1f} against the same Recipe on the CPU"
            line += f"; {fast[-1]['left_mb']:.1f} MB left on the GPU after the last trial"
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
