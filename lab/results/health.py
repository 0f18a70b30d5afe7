"""Health of an attack's number: whether it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.results.health_findings import HealthFinding, Kind
from lab.results.result import Result

LARGE, SMALL = "large", "small"

MOST_SATURATED = 0.05
"""Fraction of the images whose softmax may be saturated before that is a finding."""


@dataclass(frozen=True, eq=False)
class Health(Result):
    """Findings that decide whether an attack's number can be trusted. Fractions are those of the attacked images.

    ``zero_gradient``: images whose gradient was exactly zero at the first step. ``saturated``: images whose
    softmax is 1 to float precision, where a plain cross-entropy gradient underflows (ours does not).
    ``unstable``: images whose logits differ between two identical calls. ``probabilities``: the model's outputs
    are non-negative and sum to one, so they are no logits. ``one_step_stronger``: FGSM fools more
    images than the attack did. Where they were looked into, else None: ``restart_gain``, the fraction of images that
    only one further restart fooled (they count as fooled), and ``transfer_stronger``, whether images made on another
    model fool more.

    Of ``images`` images, by their positions: ``not_a_number`` those whose clean logits are not numbers,
    ``not_a_number_attacked`` those of which only the adversarial image's are, ``no_slope`` those whose gradient has
    entries that are not numbers. ``bad_weights``: weights that are not numbers. ``batch_dependent``: images whose
    logits depend on which others are in the batch. ``at_chance``: the clean accuracy if it is no better than chance,
    else None. ``eps_scale``: whether ε is 'large' or 'small' for images of this size, else ''. ``outputs`` of the
    model and ``classes`` of the data, where the data have so many fewer that the labels may mean something else, else
    0. ``unchecked``: what the model said when a check failed, '' when none did.

    Pixels outside [0, 1] or the ball are no warning: the judge refuses them.
    """

    zero_gradient: float
    saturated: float
    unstable: float
    probabilities: bool
    one_step_stronger: bool
    restart_gain: float | None = None
    transfer_stronger: bool | None = None
    images: int = 0
    not_a_number: tuple[int, ...] = ()
    not_a_number_attacked: tuple[int, ...] = ()
    no_slope: tuple[int, ...] = ()
    bad_weights: int = 0
    batch_dependent: float = 0.0
    at_chance: float | None = None
    eps_scale: str = ""
    outputs: int = 0
    classes: int = 0
    unchecked: str = ""

    @property
    def findings(self) -> tuple[HealthFinding, ...]:
        """Findings, in the order in which they are worded; none as far as these checks see."""
        return tuple(self._found())

    @property
    def warnings(self) -> tuple[str, ...]:
        """The findings in words, to be shown; what is to be done about a finding is decided by its kind."""
        return tuple(each.sentence() for each in self.findings)

    def _found(self) -> Iterator[HealthFinding]:
        if self.bad_weights:
            yield HealthFinding(Kind.BAD_WEIGHTS, self.images, value=self.bad_weights)
        for kind, positions in (
            (Kind.NOT_A_NUMBER, self.not_a_number),
            (Kind.NOT_A_NUMBER_ATTACKED, self.not_a_number_attacked),
            (Kind.NO_SLOPE, self.no_slope),
        ):
            if positions:
                yield HealthFinding(kind, self.images, len(positions) / max(self.images, 1), positions)
        for kind, fraction, most in (
            (Kind.ZERO_GRADIENT, self.zero_gradient, 0.0),
            (Kind.SATURATED, self.saturated, MOST_SATURATED),
            (Kind.UNSTABLE, self.unstable, 0.0),
            (Kind.BATCH_DEPENDENT, self.batch_dependent, 0.0),
        ):
            if fraction > most:
                yield HealthFinding(kind, self.images, fraction)
        if self.probabilities:
            yield HealthFinding(Kind.PROBABILITIES, self.images)
        if self.unchecked:
            yield HealthFinding(Kind.UNCHECKED, self.images, detail=self.unchecked)
        if self.one_step_stronger:
            yield HealthFinding(Kind.ONE_STEP, self.images)
        if self.restart_gain:
            yield HealthFinding(Kind.RESTART, self.images, self.restart_gain)
        if self.transfer_stronger:
            yield HealthFinding(Kind.TRANSFER, self.images)
        if self.at_chance is not None:
            yield HealthFinding(Kind.AT_CHANCE, self.images, value=self.at_chance)
        if self.outputs > self.classes:
            yield HealthFinding(Kind.OUTPUTS, self.images, value=self.outputs, reference=self.classes)
        if self.eps_scale:
            yield HealthFinding(Kind.LARGE_EPS if self.eps_scale == LARGE else Kind.SMALL_EPS, self.images)
