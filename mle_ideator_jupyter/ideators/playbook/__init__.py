"""The Playbook: the embedded Ideator, its plays, and the policies that rank them."""

from mle_ideator_jupyter.ideators.playbook.ideator import Playbook, idea_of
from mle_ideator_jupyter.ideators.playbook.play import Candidate, Play
from mle_ideator_jupyter.ideators.playbook.policy import Policy, RandomOrder, StaticOrder
from mle_ideator_jupyter.ideators.playbook.prior import Prior
from mle_ideator_jupyter.ideators.playbook.trained import Trained

__all__ = ["Candidate", "Play", "Playbook", "Policy", "Prior", "RandomOrder", "StaticOrder", "Trained", "idea_of"]
