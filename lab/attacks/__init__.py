"""Attacks: ``attack`` proposes adversarial images, ``judge`` measures what they achieve.

Every file here is imported, which registers its attacks.
"""

from lab.attacks.attack import attack as attack, maximise as maximise
from lab.attacks.bfloat16 import attack_in_bfloat16 as attack_in_bfloat16, computes_bfloat16 as computes_bfloat16
from lab.attacks.each import attack_sweep as attack_sweep, maximise_each as maximise_each
from lab.attacks.eight_bit import examples as examples, rounded_inside as rounded_inside
from lab.attacks.ensemble import average as average
from lab.attacks.evaluation import evaluate as evaluate
from lab.attacks.judge import judge as judge
from lab.attacks.nearest import minimum_distance as minimum_distance
from lab.attacks.orthogonal import orthogonal_count as orthogonal_count
from lab.attacks.peers import judge_peer as judge_peer
from lab.attacks.query_model import attack_counting as attack_counting
from lab.attacks.restart import further_restart as further_restart
from lab.discovery import import_all

import_all(__name__)
