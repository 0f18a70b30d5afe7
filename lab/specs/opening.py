"""What requests open with on data that state it: one home for it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from typing import TypeVar

from lab.specs.analyses import Restarts
from lab.specs.balls import L2, Ball, Linf
from lab.specs.crossing import STEPPING
from lab.specs.curves import RobustnessCurves
from lab.specs.data import OpeningValues
from lab.specs.embedding import Embeddings
from lab.specs.image_sweep import ImageSweep
from lab.specs.masking import Masking
from lab.specs.recipes import Recipe
from lab.specs.spec import Spec, params, parse_number
from lab.specs.surface import LossSurface, RandomSigns
from lab.specs.threat import radius
from lab.specs.transfer import TransferMatrix

S = TypeVar("S", bound=Spec)
R = TypeVar("R", bound=Recipe)

_SWEEPS = RobustnessCurves | Embeddings | ImageSweep
_SWEPT = 4  # steps of ε from 0 to the largest on photographs
_AROUND = (0.25, 0.5, 2.0, 4.0)  # further ε of curves around the data's, whose effects differ
_BEYOND = 2  # how many times the data's ε the largest is elsewhere: robustness ends beyond what was trained against


def opened(spec: S, opening: OpeningValues) -> S:
    """The request as it opens on data with this opening; one without an ε leaves everything as it is.

    On photographs sweeps have fewer levels, surfaces fewer points, and PGD fewer restarts, each of which can be set as
    on any data.
    """
    changes = _changes(spec, opening.eps) if opening.eps else {}
    if isinstance(spec, _SWEEPS) and opening.grey_levels and not opening.large:
        changes["levels"] = _whole(_BEYOND * round(opening.grey_levels), spec.levels)
    return spec.replace(**changes | (_on_photographs(spec, opening.eps) if opening.large else {}))


def threat_model(opening: OpeningValues) -> Linf:
    """The L∞ threat model of data with this opening; of those that state no ε the papers' on grey images, ε 0.3.

    Madry et al. 2017, Table 1; Tramèr et al. 2018, App. C.
    """
    return Linf(opening.eps) if opening.eps else Linf()


def on_data(ball: Ball, opening: OpeningValues) -> Ball:
    """The threat model with the radius that data of this opening state in its norm, else with its own."""
    stated = {Linf: opening.eps, L2: opening.l2}.get(type(ball), 0.0)
    return ball.replace(eps=stated) if stated else ball


def followed(spec: S, before: Ball) -> S:
    """The request with its further ε, which were meant beside another threat model, in proportion to its own."""
    if not isinstance(spec, Masking | TransferMatrix) or type(spec.ball) is type(before) or not before.eps:
        return spec
    return replace(spec, eps=in_proportion(spec.eps, spec.ball.eps / before.eps))


def in_proportion(radii: Sequence[float], ratio: float) -> tuple[float, ...]:
    """Radii that many times as large, without the noise of floating point: 0.2, not 0.20000000000000001."""
    return tuple(dict.fromkeys(parse_number(radius(ratio * each)) for each in radii))


def opened_in(norm: type[Ball], spec: Spec, opening: OpeningValues) -> Ball:
    """The threat model that the request, one of L∞, opens with in a norm: in L2 as many times the data's radius."""
    ball = getattr(opened(spec, opening), "ball", None)
    if isinstance(ball, norm):
        return ball
    return L2(opening.l2 * ball.eps / opening.eps) if norm is L2 and opening.l2 and isinstance(ball, Linf) else norm()


def trained_on(recipe: R, before: OpeningValues, after: OpeningValues) -> R:
    """The recipe, meant for data of the one opening, on data of another: against their ε, with steps in proportion.

    Steps that follow ε do so anyway. What trains against no threat model, or against another than L∞, stays as it is.
    """
    ball, meant = threat_model(after), recipe.trained_against
    if after.eps == before.eps or not isinstance(meant, Linf) or not meant.eps:
        return recipe
    return _in_proportion(recipe, ball.eps / meant.eps).replace(ball=ball)


def _in_proportion(spec: S, ratio: float) -> S:
    """The spec with all steps in it that do not follow ε longer by this ratio: a length fits one ε only."""
    parts = {name: value for name in params(spec) if isinstance(value := getattr(spec, name), Spec)}
    changes: dict[str, object] = {name: _in_proportion(value, ratio) for name, value in parts.items()}
    if isinstance(spec, STEPPING) and spec.step_size:
        changes["step_size"] = spec.step_size * ratio
    return spec.replace(**changes)


def changed(spec: Spec, before: OpeningValues, after: OpeningValues) -> dict[str, object]:
    """The fields that open otherwise on data of the opening ``after`` than of ``before``, with their new values."""
    old, new = opened(spec, before), opened(spec, after)
    return {name: getattr(new, name) for name in params(new) if getattr(new, name) != getattr(old, name)}


def _whole(grey_levels: int, most: int) -> int:
    """At most so many levels of ε up to so many grey levels, each a whole number of these."""
    return next(levels for levels in range(most, 0, -1) if grey_levels % levels == 0)


@singledispatch
def _changes(spec: Spec, eps: float) -> dict[str, object]:
    """The fields that open with other values on any data of this ε, with these."""
    return {"ball": Linf(eps)} if isinstance(getattr(spec, "ball", None), Linf) else {}


@_changes.register
def _(spec: _SWEEPS, eps: float) -> dict[str, object]:
    return {"ball": Linf(_BEYOND * eps)}  # the largest of a sweep


@_changes.register(Masking)
@_changes.register(TransferMatrix)
def _(spec: Masking | TransferMatrix, eps: float) -> dict[str, object]:
    return {"ball": Linf(eps), "eps": tuple(part * eps for part in _AROUND)}


@singledispatch
def _on_photographs(spec: Spec, eps: float) -> dict[str, object]:
    """The fields that open with other values on photographs only, with these."""
    return {}


@_on_photographs.register
def _(spec: RobustnessCurves, eps: float) -> dict[str, object]:
    return {"ball": Linf(_SWEPT * eps), "levels": _SWEPT, "images": 20, "searched": 2}


@_on_photographs.register
def _(spec: Embeddings, eps: float) -> dict[str, object]:
    return {"ball": Linf(_SWEPT * eps), "levels": _SWEPT, "images": spec.images[:4], "count": 20, "averaged": 8}


@_on_photographs.register(Masking)
@_on_photographs.register(TransferMatrix)
def _(spec: Masking | TransferMatrix, eps: float) -> dict[str, object]:
    return {"eps": (2 * eps, 4 * eps), "images": 20}


@_on_photographs.register
def _(spec: LossSurface, eps: float) -> dict[str, object]:
    return {"across": RandomSigns(), "points": 21}  # the source is a model of digits


@_on_photographs.register
def _(spec: Restarts, eps: float) -> dict[str, object]:
    return {"images": spec.images[:2], "attack": spec.attack.replace(steps=10, restarts=10)}
