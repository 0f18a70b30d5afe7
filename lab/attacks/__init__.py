"""Attacks: ``attack`` proposes adversarial images, ``judge`` measures what they achieve."""

from lab.attacks import iterative, one_step
from lab.attacks.attack import attack, maximise
from lab.attacks.judge import judge

__all__ = ["attack", "iterative", "judge", "maximise", "one_step"]
