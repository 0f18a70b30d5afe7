"""Attacks: ``attack`` proposes adversarial images, ``judge`` measures what they achieve."""

from lab.attacks import (
    apgd_targeted,
    apgd_untargeted,
    auto_attack,
    carlini_wagner,
    ensemble,
    extended,
    fab,
    iterative,
    multi_targeted,
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
from lab.attacks.each import attack_sweep, maximise_each
from lab.attacks.eight_bit import examples, rounded_inside
from lab.attacks.ensemble import average
from lab.attacks.evaluation import evaluate
from lab.attacks.judge import judge
from lab.attacks.nearest import minimum_distance
from lab.attacks.orthogonal import orthogonal_count
from lab.attacks.peers import judge_peer
from lab.attacks.query_model import attack_counting
from lab.attacks.restart import further_restart

__all__ = [
    "apgd_targeted",
    "apgd_untargeted",
    "attack",
    "attack_counting",
    "attack_in_bfloat16",
    "attack_sweep",
    "auto_attack",
    "average",
    "carlini_wagner",
    "computes_bfloat16",
    "ensemble",
    "evaluate",
    "examples",
    "extended",
    "fab",
    "further_restart",
    "iterative",
    "judge",
    "judge_peer",
    "maximise",
    "maximise_each",
    "minimum_distance",
    "multi_targeted",
    "noise",
    "one_step",
    "orthogonal",
    "orthogonal_count",
    "pixels",
    "query",
    "rounded_inside",
    "spatial",
    "square",
    "verdict",
    "worst_case",
]
