"""Attacks: ``attack`` proposes adversarial images, ``judge`` measures what they achieve."""

from lab.attacks import (
    carlini_wagner,
    ensemble,
    extended,
    iterative,
    noise,
    one_step,
    orthogonal,
    pixels,
    query,
    spatial,
    square,
    verdict,
    worst_case,
)
from lab.attacks.attack import attack, maximise
from lab.attacks.bfloat16 import attack_in_bfloat16, computes_bfloat16
from lab.attacks.carlini_wagner import minimum_distance
from lab.attacks.each import attack_sweep, maximise_each
from lab.attacks.ensemble import average
from lab.attacks.judge import further_restart, judge
from lab.attacks.orthogonal import orthogonal_count
from lab.attacks.query_model import attack_counting

__all__ = [
    "attack",
    "attack_counting",
    "attack_in_bfloat16",
    "attack_sweep",
    "average",
    "carlini_wagner",
    "computes_bfloat16",
    "ensemble",
    "extended",
    "further_restart",
    "iterative",
    "judge",
    "maximise",
    "maximise_each",
    "minimum_distance",
    "noise",
    "one_step",
    "orthogonal",
    "orthogonal_count",
    "pixels",
    "query",
    "spatial",
    "square",
    "verdict",
    "worst_case",
]
