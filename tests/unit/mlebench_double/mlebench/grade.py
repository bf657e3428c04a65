from __future__ import annotations

from datetime import datetime, timezone

import pandas as pd

from mlebench.data import get_leaderboard, is_dataset_prepared
from mlebench.grade_helpers import CompetitionReport


def grade_csv(path_to_submission, competition) -> CompetitionReport:
    if not is_dataset_prepared(competition, grading_only=True):
        raise ValueError(f"Dataset for competition `{competition.id}` is not prepared!")
    score = None
    exists = path_to_submission.is_file() and path_to_submission.suffix.lower() == ".csv"
    if exists:
        score = competition.grader(pd.read_csv(path_to_submission), pd.read_csv(competition.answers))
    board = get_leaderboard(competition)
    ranked = competition.grader.rank_score(score, board)
    return CompetitionReport(
        competition_id=competition.id,
        score=score,
        any_medal=ranked["gold_medal"] or ranked["silver_medal"] or ranked["bronze_medal"],
        submission_exists=exists,
        valid_submission=score is not None,
        is_lower_better=competition.grader.is_lower_better(board),
        created_at=datetime.now(timezone.utc),
        submission_path=str(path_to_submission),
        **ranked,
    )
