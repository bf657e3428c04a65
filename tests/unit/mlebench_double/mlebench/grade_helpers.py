from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime


class InvalidSubmissionError(Exception):
    pass


class Grader:
    def __init__(self, name: str) -> None:
        self.name = name

    def is_lower_better(self, leaderboard) -> bool:
        return bool(leaderboard["score"].iloc[0] < leaderboard["score"].iloc[-1])

    def __call__(self, submission, answers):
        """A score rounded to 5 places; None for whatever is not a valid submission."""
        try:
            if set(submission["id"]) != set(answers["id"]):
                raise InvalidSubmissionError("ids differ")
            both = answers.merge(submission, on="id")
            return round(float((both["label_x"] == both["label_y"]).mean()), 5)
        except Exception:
            return None

    def rank_score(self, score, leaderboard) -> dict:
        assert "score" in leaderboard.columns, "Leaderboard must have a `score` column."
        lower, scores, teams = self.is_lower_better(leaderboard), leaderboard["score"], len(leaderboard)
        if teams < 100:
            places = [max(1, int(teams * s)) for s in (0.1, 0.2, 0.4)]
        else:
            places = [10, max(1, int(teams * 0.2)), max(1, int(teams * 0.4))]
        gold, silver, bronze = (float(scores.iloc[p - 1]) for p in places)

        def reaches(bar):
            return score is not None and (score <= bar if lower else score >= bar)

        median = float(scores.median())
        won = [reaches(gold), reaches(silver) and not reaches(gold), reaches(bronze) and not reaches(silver)]
        return {
            "gold_medal": won[0],
            "silver_medal": won[1],
            "bronze_medal": won[2],
            "above_median": score is not None and (score < median if lower else score > median),
            "gold_threshold": gold,
            "silver_threshold": silver,
            "bronze_threshold": bronze,
            "median_threshold": median,
        }


@dataclass(frozen=True)
class CompetitionReport:
    competition_id: str
    score: float | None
    gold_threshold: float
    silver_threshold: float
    bronze_threshold: float
    median_threshold: float
    any_medal: bool
    gold_medal: bool
    silver_medal: bool
    bronze_medal: bool
    above_median: bool
    submission_exists: bool
    valid_submission: bool
    is_lower_better: bool
    created_at: datetime
    submission_path: str

    def to_dict(self) -> dict:
        return {**asdict(self), "created_at": self.created_at.isoformat()}
