from __future__ import annotations

from pathlib import Path

import pandas as pd

Path("cache").mkdir(exist_ok=True)  # as the package does on import: in whatever folder one stands


def is_dataset_prepared(competition, grading_only: bool = False) -> bool:
    there = competition.private_dir.is_dir() and competition.answers.is_file()
    return there and (grading_only or competition.public_dir.is_dir())


def get_leaderboard(competition) -> pd.DataFrame:
    assert competition.leaderboard.exists(), f"Leaderboard not found locally for competition `{competition.id}`."
    return pd.read_csv(competition.leaderboard)


def download_and_prepare_dataset(competition, **_) -> None:
    print("You must accept the competition rules before downloading the dataset.")
    if input("Would you like to open the competition page in your browser now? (y/n): ") != "y":
        raise RuntimeError("You must accept the competition rules before downloading the dataset.")
