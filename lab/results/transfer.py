"""Transfer of adversarial examples between models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from lab.results.intervals import ratio, wilson
from lab.results.result import Result
from lab.specs.attacks import AttackSpec, attack_names
from lab.specs.transfer import TransferMatrix

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

TRANSFER = "transfer rate"
TRANSFER_BOTH = "transfer rate, both correct when clean"
ERROR = "error rate"
ACCURACY = "accuracy"


@dataclass(frozen=True, eq=False)
class Example(Result):
    """An image that fooled its source and at least one other model, or its source alone where nothing more did.

    ``image`` its position in the test set, ``x`` and ``x_adv`` (C, h, w) bytes, made smaller if it is large,
    ``prediction`` (T,) the class that every target reads in the adversarial image.
    """

    image: int
    x: np.ndarray
    x_adv: np.ndarray
    prediction: np.ndarray


@dataclass(frozen=True, eq=False)
class Shown(Result):
    """Predictions of T targets on the adversarial examples that one attack made on S sources at one ε.

    S grows up to T while the sources are computed. ``rank`` (S, T, n) how many classes each target finds likelier than
    the label: 0 where it is right, and below k where the label is among its k likeliest. ``examples`` S tuples of
    images, at the matrix's own eps only. ``correlation`` (P, m) Pearson's between the perturbations of the m first
    images by each pair of sources, in the order of ``combinations(range(S), 2)``; NaN where a perturbation is constant.
    """

    attack: AttackSpec
    eps: float
    rank: np.ndarray
    examples: tuple[tuple[Example, ...], ...]
    correlation: np.ndarray

    def pair(self, first: int, second: int) -> np.ndarray:
        """(m,) correlation of the perturbations of two sources, image by image; empty until both are computed."""
        pairs = list(combinations(range(len(self.rank)), 2))
        wanted = (min(first, second), max(first, second))
        return self.correlation[pairs.index(wanted)] if wanted in pairs else np.zeros(0)


@dataclass(frozen=True, eq=False)
class TransferResult(Result):
    """The answer to :class:`lab.specs.TransferMatrix`.

    ``y`` (n,) labels, ``clean`` (T, n) ranks of the label on the clean images, as in :class:`Shown`; ``shown`` one for
    each eps and attack, those of the matrix's own eps first; ``done`` in [0, 1]. Rates are derived, for any k.
    """

    spec: TransferMatrix
    models: tuple[str, ...]
    y: np.ndarray
    class_names: tuple[str, ...]
    clean: np.ndarray
    shown: tuple[Shown, ...]
    done: float

    def at(self, attack: AttackSpec, eps: float | None = None) -> Shown | None:
        """Return the predictions under an attack, by default at the matrix's ε; None while they are not computed."""
        wanted = self.spec.ball.eps if eps is None else eps
        return next((each for each in self.shown if each.attack == attack and each.eps == wanted), None)

    def over_eps(self, attack: AttackSpec) -> list[Shown]:
        """Return the predictions under an attack so far, by ascending ε."""
        return sorted((each for each in self.shown if each.attack == attack), key=lambda each: each.eps)

    def counts(self, shown: Shown, measure: str, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """(S, T) how many images count for a measure, and of how many; "right" means the label is among k."""
        hits, of = MEASURES[measure](self.clean >= k, shown.rank >= k)
        return hits.sum(2), of.sum(2)

    def rates(self, shown: Shown, measure: str, k: int = 1) -> np.ndarray:
        """(S, T) the measure as a fraction; NaN where it is of no image."""
        return ratio(*self.counts(shown, measure, k))

    def black_box(self, attacks: tuple[AttackSpec, ...], measure: str, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """(T,) the worst and the mean rate over all other models as sources and these attacks, for each target.

        Max. and avg. black box of Tramèr et al. 2018, Table 8. NaN without another model.
        """
        found = [others(self.rates(each, measure, k)) for each in map(self.at, attacks) if each is not None]
        return worst_and_mean(np.concatenate([np.full((1, len(self.models)), np.nan), *found]), measure)

    def to_frame(self, k: int = 1) -> pd.DataFrame:
        """One row per attack, eps, source and target: every measure with its count and its 95% interval."""
        import pandas as pd

        rows = []
        names = dict(zip(self.spec.attacks, attack_names(self.spec.attacks), strict=True))
        for shown in self.shown:
            cells = {measure: self.counts(shown, measure, k) for measure in MEASURES}
            for source, target in np.ndindex(shown.rank.shape[:2]):
                row = {
                    "attack": names[shown.attack],
                    "eps": shown.eps,
                    "source": self.models[source],
                    "target": self.models[target],
                    "white_box": source == target,
                    "top": k,
                }
                for measure, (hits, of) in cells.items():
                    row |= _described(measure, int(hits[source, target]), int(of[source, target]))
                rows.append(row)
        return pd.DataFrame(rows)


def others(rates: np.ndarray) -> np.ndarray:
    """(S, T) rates without the white-box diagonal, which becomes NaN."""
    masked = rates.astype(float)
    np.fill_diagonal(masked, np.nan)
    return masked


def worst_and_mean(rates: np.ndarray, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """(T,) the worst and the mean of (S, T) rates that are not NaN; NaN where there are none.

    The worst is the best for the adversary: the lowest accuracy, the highest of the other measures.
    """
    known = ~np.isnan(rates)
    lowest, highest = np.where(known, rates, np.inf).min(0), np.where(known, rates, -np.inf).max(0)
    worst = np.where(known.any(0), lowest if measure == ACCURACY else highest, np.nan)
    return worst, ratio(np.where(known, rates, 0).sum(0), known.sum(0))


Counted = tuple[np.ndarray, np.ndarray]


def _transfer(clean_wrong: np.ndarray, wrong: np.ndarray) -> Counted:
    """Kurakin et al. 2017, §4.4 and Table 4: of the images that the source reads rightly clean and wrongly attacked."""
    sources = np.arange(len(wrong))
    chosen = ~clean_wrong[sources] & wrong[sources, sources]
    of = np.broadcast_to(chosen[:, None], wrong.shape)
    return wrong & of, of


def _transfer_both(clean_wrong: np.ndarray, wrong: np.ndarray) -> Counted:
    """The same, of those images only that the target, too, reads rightly when they are clean."""
    hits, of = _transfer(clean_wrong, wrong)
    right = ~clean_wrong[None]
    return hits & right, of & right


def _error(_: np.ndarray, wrong: np.ndarray) -> Counted:
    """Kurakin et al. 2017, App. C and Table 6: of all images, whatever the source reads."""
    return wrong, np.ones_like(wrong)


def _accuracy(_: np.ndarray, wrong: np.ndarray) -> Counted:
    return ~wrong, np.ones_like(wrong)


MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], Counted]] = {
    TRANSFER: _transfer,
    TRANSFER_BOTH: _transfer_both,
    ERROR: _error,
    ACCURACY: _accuracy,
}
"""What is counted, and of which images, from (T, n) clean mistakes and (S, T, n) mistakes under attack."""


_COLUMNS = {
    TRANSFER: "transfer_rate",
    TRANSFER_BOTH: "transfer_rate_both",
    ERROR: "error_rate",
    ACCURACY: "accuracy",
}


def _described(measure: str, hits: int, of: int) -> dict[str, float]:
    name = _COLUMNS[measure]
    low, high = wilson(np.array(hits), np.array(of))
    share = float(ratio(np.array(hits), np.array(of)))
    return {name: share, f"{name}_low": float(low), f"{name}_high": float(high), f"{name}_of": of}
