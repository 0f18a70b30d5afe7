"""What the claims are measured by: accuracies image by image, transfer, masking, and the course of training.

All on the first test images of the digits, in L∞. ``answer`` computes an analysis or reads it from the store, so that
checking a claim again takes no time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

import numpy as np

from lab.catalogue import find_card
from lab.claims import networks
from lab.errors import LabError
from lab.results.curves import CurvesResult
from lab.results.embedding import EmbeddingsResult
from lab.results.masking import COMPARISONS, MaskingResult, ModelMasking
from lab.results.restarts import RestartsResult
from lab.results.result import Result
from lab.results.transfer import TRANSFER, TransferResult
from lab.runs import history
from lab.specs.analyses import Analysis, Restarts
from lab.specs.attacks import BIM, FGSM, PGD, AttackSpec, FastEntropy, IterLL, StepLL, StepRnd
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.embedding import Embeddings
from lab.specs.ensemble import EnsembleAttack
from lab.specs.masking import Masking
from lab.specs.models import ModelSpec, Trained
from lab.specs.transfer import TransferMatrix

FULL = 0.3
"""The ε of the shipped models' training, which the papers' largest, 16/255 or 0.3 on MNIST, becomes on the digits."""

FOUR = (FULL / 8, FULL / 4, FULL / 2, FULL)
"""The papers' ε of 2, 4, 8 and 16/255 on that scale."""

IMAGES = 360
"""Test images: all of the digits."""

ONE_STEP: tuple[AttackSpec, ...] = (StepLL(), FGSM(labels="predicted"), StepRnd(), FastEntropy())
"""One-step attacks that do not use the true label, so that none leaks."""

ITERATIVE: tuple[AttackSpec, ...] = (BIM(steps=20), IterLL(steps=20))
"""Twenty steps of ε / 20 for the papers' up to 80 of 1/255."""

STRONG = PGD(steps=20)

R = TypeVar("R", bound=Result)


class Measures:
    """Measurements of shipped models by name and of the claims' networks under ``seeds`` seeds."""

    def __init__(self, answer: Callable[[Analysis], Result], seeds: int = 3) -> None:
        self._answer = answer
        self.seeds = range(seeds)

    def models(self, network: str) -> tuple[Trained, ...]:
        """The models of a network, one for every seed; the shipped one where the name is a shipped model's."""
        if network in networks.NETWORKS:
            return tuple(networks.trained(network, seed) for seed in self.seeds)
        return (Trained(network),)

    def right(self, network: str, attack: AttackSpec, eps: float = FULL) -> np.ndarray:
        """(S, n) whether each image is classified correctly under the attack."""
        return self._curves(network, attack, eps)[:, 1]

    def clean(self, network: str) -> np.ndarray:
        """(S, n) whether each image is classified correctly without an attack."""
        return self._curves(network, StepLL(), FULL)[:, 0]

    def over_eps(self, network: str, *attacks: AttackSpec) -> np.ndarray:
        """(S, n) the mean of :meth:`right` over the four ε and the attacks."""
        found = [self.right(network, each, eps) for each in attacks for eps in FOUR]
        return cast(np.ndarray, np.mean(found, axis=0))

    def from_source(self, network: str, sources: Sequence[ModelSpec], attack: AttackSpec, eps: float) -> np.ndarray:
        """(S, n) :meth:`right` on images made on the average of other models: a black box."""
        return self.right(network, EnsembleAttack(attack=attack, models=tuple(sources)), eps)

    def distances(self, network: str, searched: int = 40) -> np.ndarray:
        """(S, m) L∞ distance of the nearest adversarial example by Carlini and Wagner's attack; at most 1."""
        spec = RobustnessCurves(
            models=self.models(network),
            attacks=(FGSM(),),
            ball=Linf(FULL),
            levels=1,
            images=searched,
            searched=searched,
        )
        found = self._ask(spec, CurvesResult)
        return np.minimum(np.stack([each.distance for each in found.models]), 1.0)

    def transfer(self, models: Sequence[ModelSpec], attacks: Sequence[AttackSpec], eps: float) -> TransferResult:
        """Adversarial examples of every model shown to every model."""
        spec = TransferMatrix(models=tuple(models), attacks=tuple(attacks), ball=Linf(eps), eps=(), images=IMAGES)
        return self._ask(spec, TransferResult)

    def transfer_rates(self, network: str, attack: AttackSpec, eps: float = FULL) -> np.ndarray:
        """(S,) Kurakin et al.'s transfer rate to each seed's model, averaged over the others as sources."""
        found = self.transfer(self.models(network), (attack,), eps)
        shown = found.at(attack)
        assert shown is not None
        rates = found.rates(shown, TRANSFER)
        np.fill_diagonal(rates, np.nan)
        return cast(np.ndarray, np.nanmean(rates, axis=0))

    def correlation(self, first: ModelSpec, second: ModelSpec, attack: AttackSpec, eps: float) -> np.ndarray:
        """(m,) correlation of the perturbations that two models give rise to, image by image."""
        shown = self.transfer((first, second), (attack,), eps).at(attack)
        assert shown is not None
        return shown.pair(0, 1)

    def masking(self, network: str, eps: tuple[float, ...] = ()) -> list[tuple[MaskingResult, ModelMasking]]:
        """The signs of masking at the full ε, for every seed; each model is examined alone."""
        specs = [Masking(models=(each,), ball=Linf(FULL), eps=eps, images=80) for each in self.models(network)]
        found = [self._ask(each, MaskingResult) for each in specs]
        return [(each, each.models[0]) for each in found]

    def approximation(self, network: str) -> np.ndarray:
        """(S, n) loss after FGSM as a fraction of the largest loss that was found. Tramèr et al. 2018, §4.1."""
        ratios = [result.approximation(model) for result, model in self.masking(network)]
        return np.nan_to_num(np.stack(ratios), nan=1.0)

    def gradient_correlation(self, network: str, comparison: str, eps: float) -> np.ndarray:
        """(S, n) correlation of two images' gradients. Na et al. 2018, Figure 8."""
        which = COMPARISONS.index(comparison)
        found = [model for _, model in self.masking(network, eps=FOUR[:-1])]
        rows = [each.correlation[which, each.radii.index(eps)] for each in found]
        return np.nan_to_num(np.stack(rows))

    def restarts(self, model: str, eps: float = FULL) -> RestartsResult:
        """The ends of 50 restarts of PGD on the first 16 images."""
        spec = Restarts(models=(Trained(model),), images=tuple(range(16)), ball=Linf(eps), attack=PGD(restarts=50))
        return self._ask(spec, RestartsResult)

    def embeddings(self, network: str) -> EmbeddingsResult:
        """The embeddings of a network's models as BIM takes the images away, up to the full ε."""
        spec = Embeddings(models=self.models(network), attack=BIM(steps=20), ball=Linf(FULL), levels=4)
        return self._ask(spec, EmbeddingsResult)

    def losses(self, network: str) -> list[np.ndarray]:
        """The training loss of each epoch, for every seed."""
        return [_epochs(_metrics(each.name)) for each in self.models(network)]

    def _curves(self, network: str, attack: AttackSpec, eps: float) -> np.ndarray:
        """(S, 2, n) whether each image is classified correctly, without the attack and under it."""
        spec = RobustnessCurves(
            models=self.models(network), attacks=(attack,), ball=Linf(eps), levels=1, images=IMAGES, searched=0
        )
        return np.stack([each.right[0] for each in self._ask(spec, CurvesResult).models])

    def _ask(self, spec: Analysis, kind: type[R]) -> R:
        found = self._answer(spec)
        assert isinstance(found, kind)
        return found


def _metrics(name: str) -> Path:
    """The file of a model's course of training: beside its weights, under its name where it is shipped."""
    weights = find_card(name).weights
    assert weights is not None
    return weights.with_name("metrics.jsonl" if weights.stem == "weights" else f"{name}.metrics.jsonl")


def _epochs(path: Path) -> np.ndarray:
    found = history(path)
    if not len(found.epoch):
        raise LabError(f"{path} holds no metrics of training: delete its folder, so that it is trained again.")
    epoch = np.ceil(found.epoch).astype(int)
    return np.array([found.loss[epoch == each].mean() for each in np.unique(epoch) if each > 0])
