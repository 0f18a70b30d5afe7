"""The networks that the claims compare, by name: each a recipe for every seed, trained as an ordinary run.

All are :class:`~lab.specs.models.SmallCNN` of width 8 on the digits unless their name says otherwise, trained for 12
epochs of batches of 64, in the threat model of the shipped models, L∞ with ε 0.3; Tramèr et al.'s for 24 epochs,
because their masking needs that long to appear. They are set beforehand and alike for all that are compared; none is
chosen for its result. This module is the only one that knows recipes: the claims know names.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lab import catalogue
from lab.specs.attacks import BIM, FGSM, PGD, AttackSpec, FastEntropy, RandomSign, StepLL, StepRnd
from lab.specs.curves import MOST_MODELS
from lab.specs.examples import TRAINING, CascadeExamples, EnsembleExamples, OwnExamples
from lab.specs.initial import HE
from lab.specs.models import Binarised, InputDropout, ReluDecay, SmallCNN, Tanh, Trained, TramerD
from lab.specs.presets import (
    cascade_training,
    ensemble_training,
    fgsm_training,
    kurakin_training,
    pgd_training,
    pivot_training,
    standard_training,
)
from lab.specs.recipes import Recipe
from lab.specs.runs import TrainingRun
from lab.specs.similarity import CODE, Pivot

WIDTH, EPOCHS, LONG, BATCH = 8, 12, 24, 64
_SMALL = SmallCNN(width=WIDTH)

Build = Callable[[int], Recipe]


@dataclass(frozen=True)
class NamedNetwork:
    """A network of the claims: its recipe for a seed, and the other named networks that the recipe trains on."""

    build: Build
    seconds: float
    needs: tuple[str, ...] = ()

    def recipe(self, seed: int) -> Recipe:
        """The recipe with a seed of initial weights, order of images and random starts."""
        return self.build(seed)


def trained(name: str, seed: int) -> Trained:
    """The model that a network's run becomes."""
    return Trained(run_name(name, seed))


def run_name(name: str, seed: int) -> str:
    """The name of the run of a network with a seed."""
    return f"claims-{name}-{seed}"


def most_seeds() -> int:
    """The most models of a training that one analysis compares."""
    return MOST_MODELS


def untrained(names: Iterable[str], seeds: int) -> tuple[list[TrainingRun], float]:
    """The runs of these networks that are not finished, each after those that it needs, and the seconds they take."""
    there = {each.name for each in catalogue.models()}
    wanted = {*names, *(needed for name in names for needed in NETWORKS[name].needs)}
    lacking = [
        (name, seed)
        for name in NETWORKS
        if name in wanted
        for seed in range(seeds)
        if run_name(name, seed) not in there
    ]
    runs = [TrainingRun(run_name(name, seed), NETWORKS[name].recipe(seed)) for name, seed in lacking]
    return runs, sum(NETWORKS[name].seconds for name, _ in lacking)


def _plain(**changes: object) -> Build:
    return lambda seed: standard_training(**_of(changes, seed))


def _kurakin(attack: AttackSpec, **changes: object) -> Build:
    source = OwnExamples(attack)
    return lambda seed: kurakin_training(**_of({"source": source, "batch": BATCH, **changes}, seed))


def _tramer(preset: Callable[..., Recipe], **changes: object) -> Build:
    return lambda seed: preset(**_of({"epochs": LONG, **changes}, seed))


def _na(preset: Callable[..., Recipe], **changes: object) -> Build:
    return lambda seed: preset(**_of(changes, seed))


def _cascade(seed: int) -> Recipe:
    """Cascade training on the Step-LL-trained network of the same seed."""
    source = CascadeExamples(defended=trained("step-ll", seed), iterative=BIM(steps=10), levels=4)
    return cascade_training(**_of({"source": source, "batch": BATCH}, seed))


def _of(changes: dict[str, object], seed: int) -> dict[str, object]:
    return {"architecture": _SMALL, "epochs": EPOCHS, "seed": seed} | changes


def _pgd(width: int) -> Build:
    source = OwnExamples(PGD(steps=5, step_size=0.1))
    return lambda seed: pgd_training(**_of({"source": source, "architecture": SmallCNN(width=width)}, seed))


_CHANGES: dict[str, dict[str, object]] = {
    "width-4": {"architecture": SmallCNN(width=4)},
    "width-16": {"architecture": SmallCNN(width=16)},
    "all-adversarial": {"share": 1.0},
    "tanh": {"architecture": SmallCNN(width=WIDTH, activation=Tanh())},
    "relu-decay": {"architecture": SmallCNN(width=WIDTH, activation=ReluDecay(0.1))},
    "delayed": {"delay": 138},
    "smoothed": {"label_smoothing": 0.1},
    "weight-decay": {"weight_decay": 1e-3},
}
"""What Step-LL training is changed by; 138 steps are half of it."""

NETWORKS: dict[str, NamedNetwork] = {
    "plain": NamedNetwork(_plain(), 7),
    "step-ll": NamedNetwork(_kurakin(StepLL()), 8),
    "fgsm": NamedNetwork(_tramer(fgsm_training), 20),
    "pivot": NamedNetwork(_na(pivot_training), 12),
    "ensemble": NamedNetwork(
        _tramer(ensemble_training, source=EnsembleExamples(models=(Trained("standard"),), mode=TRAINING)), 24
    ),
    "fgsm-true": NamedNetwork(_kurakin(FGSM(labels="true")), 8),
    "random-sign": NamedNetwork(_kurakin(RandomSign()), 8),
    "plain-width-2": NamedNetwork(_plain(architecture=SmallCNN(width=2)), 5),
    "plain-width-4": NamedNetwork(_plain(architecture=SmallCNN(width=4)), 5),
    "plain-width-16": NamedNetwork(_plain(architecture=SmallCNN(width=16)), 9),
    "pgd-width-2": NamedNetwork(_pgd(2), 10),
    "pgd-width-8": NamedNetwork(_pgd(8), 15),
    "step-rnd": NamedNetwork(_kurakin(StepRnd()), 8),
    "entropy": NamedNetwork(_kurakin(FastEntropy()), 8),
    "pivot-strong": NamedNetwork(_na(pivot_training, similarity=Pivot(1e-2, units=CODE, detached=False)), 12),
    **{f"step-ll-{name}": NamedNetwork(_kurakin(StepLL(), **changes), 9) for name, changes in _CHANGES.items()},
    "cascade": NamedNetwork(_cascade, 25, ("step-ll",)),
    "binarised": NamedNetwork(_plain(architecture=Binarised(architecture=_SMALL)), 7),
    "fgsm-input-dropout": NamedNetwork(_tramer(fgsm_training, architecture=InputDropout(architecture=_SMALL)), 22),
    "fgsm-d": NamedNetwork(_tramer(fgsm_training, architecture=TramerD(), initial=HE), 35),
}
"""In an order in which those that others need come first; ``seconds`` are of one core of an ordinary machine."""
