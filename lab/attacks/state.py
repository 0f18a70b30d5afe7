"""State that a model keeps between calls, so that its output is not a function of the image alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lab.attacks.fresh import copied, for_inference, fresh
from lab.attacks.objectives import predicted
from lab.errors import AttackError
from lab.models.adapter import Adapted
from lab.models.repeatable import Draws

_FEW = 6  # images that are shown again
_TRIES = 5  # where another thread draws from the same generators
_NEAR = (1e-5, 1e-3)  # of the way to grey: where a rounded image is still the same one, but the logits are not
_EXACT = 1e-6  # of the largest logit: what the same call of the same model may change


@dataclass(frozen=True)
class StateDependence:
    """Of a few images: the fraction whose logits, and whose predictions, are others after other calls than before any.

    ``resets``: whether a copy of the model that has not been called answers as the model did at first.
    """

    logits: float
    predictions: float
    images: int
    resets: bool


class BeforeUse:
    """A model that has not been called, if it can be copied, and what it says to a few images, each first of all.

    In every call it draws the same random numbers, so that a random model that keeps nothing repeats itself. Where it
    does not, its answers differ for another reason, and nothing is said of its state. Nor is it where the draws of
    another thread fell into a call, so that the generators end elsewhere than after the same call before.
    """

    def __init__(self, copy: Adapted | None, model: Adapted, x: Tensor, eps: float) -> None:
        self._copy = None if copy is None else for_inference(copy)
        few = x[:_FEW]
        self._few, self._far = few, 1 - few
        self._near = [few + each * (0.5 - few) for each in (*_NEAR, min(eps, 0.5))]
        self._draws, self._weights_change = Draws(copy or model), False
        for _ in range(_TRIES):
            self._reached, self._disturbed, self._repeats = dict[int, Draws](), False, copy is not None
            self.state = self._compare_copies(self._copy) if self._copy else self._compare_calls(model)
            self._first = self._predict(copied(self._copy) if self._copy else model, [few])[0]
            if not self._disturbed:
                return
        self.state = replace(self.state, logits=0.0, predictions=0.0)

    def fresh(self) -> Adapted:
        """The model of which every call sees a new copy; only where it ``resets``."""
        assert self._copy is not None
        return fresh(self._copy, self._weights_change)

    def left_by(self, model: Adapted) -> StateDependence | None:
        """Compare the model's output after many calls; None if as before any. It may refuse, too."""
        for _ in range(_TRIES):
            self._disturbed = False
            found = self._find_change(model)
            if not self._disturbed:
                return found
        return None

    def _find_change(self, model: Adapted) -> StateDependence | None:
        found = self._compare_now(model)
        if not found.logits or self._copy is None:
            return found if found.logits else None
        if not self._compare_now(copied(self._copy)).logits:
            return replace(found, resets=True)
        return found if self._repeats else None  # the copies share what it keeps, or it draws from elsewhere

    def _compare_now(self, model: Adapted) -> StateDependence:
        """Compare the model's present output with its first."""
        try:
            [now] = self._predict(model, [self._few])
        except AttackError:
            return StateDependence(1.0, 1.0, len(self._few), False)
        return _compare([(self._first, now)], False)

    def _compare_copies(self, unused: Adapted) -> StateDependence:
        """Compare fresh copies, which have not been called, with one between other calls."""
        first, *expected = (self._predict(copied(unused), [each])[0] for each in (self._few, *self._near))
        if not _same(first, self._predict(copied(unused), [self._few])[0]).all():
            self._repeats = False  # it draws from elsewhere, or the copies share what they keep
            return self._compare_calls(copied(unused))
        used = copied(unused)
        answers = self._predict(used, self._calls())
        pairs = [(first, answers[1]), (first, answers[-1]), *zip(expected, answers[3:-1], strict=True)]
        found = _compare(pairs, resets=True)
        if found.logits and not _all_same(answers, self._predict(copied(unused), self._calls())):
            self._repeats = False
            return StateDependence(0.0, 0.0, len(first), True)
        self._weights_change = _weights_differ(used, unused)
        return found

    def _compare_calls(self, model: Adapted) -> StateDependence:
        """Compare one model's output after other calls, if it repeats itself both before and after them."""
        *before, one, _, _, _, _, last, again = self._predict(model, [self._few] * 3 + [*self._calls(), self._few])
        repeats = _all_same(before, [one] * len(before)) and bool(_same(last, again).all())
        return _compare([(one, last)], False) if repeats else StateDependence(0.0, 0.0, len(one), False)

    def _calls(self) -> list[Tensor]:
        return [self._few, self._few, self._far, *self._near, self._few]

    def _predict(self, model: Adapted, calls: Sequence[Tensor]) -> list[Tensor]:
        """The logits of one call after the other, each with the same draws."""
        answers = []
        for each in calls:
            with self._draws.again(model) as after, torch.no_grad():
                answers.append(model(each).clone())
            if after[0] != self._draws:  # something was drawn, by the model or by another thread
                self._disturbed |= after[0] != self._reached.setdefault(id(each), after[0])
        return answers


def _compare(pairs: Sequence[tuple[Tensor, Tensor]], resets: bool) -> StateDependence:
    logits = torch.stack([~_same(*each) for each in pairs]).any(0)
    changes = torch.stack([predicted(one) != predicted(other) for one, other in pairs]).any(0)
    return StateDependence(logits.float().mean().item(), changes.float().mean().item(), len(logits), resets)


def _same(one: Tensor, other: Tensor) -> Tensor:
    """(n,) whether two calls returned the same logits."""
    size = one.nan_to_num(0, 0, 0).abs().amax(1, keepdim=True)
    close = (one - other).abs() <= _EXACT * size
    return (close | (one == other) | (one.isnan() & other.isnan())).all(1)


def _all_same(some: Sequence[Tensor], others: Sequence[Tensor]) -> bool:
    return all(bool(_same(*each).all()) for each in zip(some, others, strict=True))


def _weights_differ(one: Adapted, other: Adapted) -> bool:
    return not all(map(torch.equal, one.parameters(), other.parameters()))
