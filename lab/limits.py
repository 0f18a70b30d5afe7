"""What this place allows at most, as its owner has set it, and what a training asks for."""

import math
import os
import shutil

from lab import datafiles
from lab.errors import EngineError
from lab.home import runs_folder
from lab.specs.attacks import AttackSpec, Iterated
from lab.specs.explore import effort
from lab.specs.recipes import TRADES, Adversarial, Recipe
from lab.specs.spec import params

MOST_TRAINING_STEPS = 10_000_000
MOST_MULTIPLICATIONS = 10**15
MOST_RUNS = 100
ROOM = 2**30
"""Bytes that must be free on the disk before a run is begun."""


def limit(variable: str, usual: int) -> int:
    """The whole number that an environment variable sets, or the usual one.

    Raises :class:`EngineError` when it is no whole number.
    """
    text = os.environ.get(variable) or str(usual)
    try:
        return int(text.replace("_", ""))
    except ValueError:
        raise EngineError(f"{variable} should be a whole number, not '{text}'.") from None


def among_strangers() -> bool:
    """Whether other machines can reach the pages, so that a visitor steers only the runs that are his own."""
    return os.environ.get("LAB_PUBLIC") == "1"


def training_steps(recipe: Recipe) -> int:
    """What a recipe costs: passes of single images through the network, those of its attacks included."""
    return math.ceil(datafiles.outline(recipe.data).n_train * recipe.epochs * _passes(recipe))


def images_in_step(recipe: Recipe) -> int:
    """How many images, clean and adversarial, go through the network at once."""
    batch = min(recipe.batch, datafiles.outline(recipe.data).n_train)
    if isinstance(recipe, TRADES):
        return 2 * batch
    copies = recipe.share * recipe.keep_clean if isinstance(recipe, Adversarial) else 0
    return math.ceil(batch * (1 + copies))


def require_modest(recipe: Recipe) -> None:
    """Refuse a recipe that costs more than this place allows. Raises :class:`EngineError` with the limit."""
    cost, most = training_steps(recipe), limit("LAB_MAX_TRAINING_STEPS", MOST_TRAINING_STEPS)
    if cost > most:
        raise EngineError(
            f"This training would take {cost:,} gradient steps of single images, but this lab allows {most:,}: take "
            "fewer epochs, attack steps or attacked images, or raise LAB_MAX_TRAINING_STEPS."
        )


def require_room(runs: int) -> None:
    """Refuse one more run when there are too many, or when the disk is nearly full. Raises :class:`EngineError`."""
    most = limit("LAB_MAX_RUNS", MOST_RUNS)
    if runs >= most:
        raise EngineError(f"There are already {most} runs: discard some of them, or raise LAB_MAX_RUNS.")
    place = runs_folder()
    place.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(place).free < ROOM:
        raise EngineError(f"Less than {ROOM / 2**30:g} GiB is free in {place}: make room there.")


def _passes(recipe: Recipe) -> float:
    """Passes for each training image and epoch: the attack's, then the step's own."""
    if isinstance(recipe, Adversarial):
        source = recipe.source
        attacks = [getattr(source, each) for each in params(source)]
        steps = [_effort(each, recipe.ball.eps) for each in attacks if isinstance(each, AttackSpec)]
        return 1 + recipe.share * (max(steps, default=1) + recipe.keep_clean)
    return 2 + recipe.steps if isinstance(recipe, TRADES) else 1


def _effort(attack: AttackSpec, eps: float) -> int:
    """Passes of an attack for one image; an iterated one without a number of steps takes its paper's."""
    if isinstance(attack, Iterated) and attack.steps == 0:
        levels = 255 * eps
        return min(1000, max(1, math.floor(min(levels + 4, 1.25 * levels))))
    return effort(attack)
