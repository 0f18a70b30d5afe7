"""What requests open with on data whose perturbations are counted in steps of ε: one home for it."""

from functools import singledispatch
from typing import TypeVar

from lab.specs.analyses import Restarts
from lab.specs.balls import Linf
from lab.specs.curves import RobustnessCurves
from lab.specs.embedding import Embeddings
from lab.specs.masking import Masking
from lab.specs.spec import Spec, params
from lab.specs.surface import LossSurface, RandomSigns
from lab.specs.transfer import TransferMatrix

S = TypeVar("S", bound=Spec)

_SWEPT = 4  # steps of ε from 0 to the largest


def opened(spec: S, eps: float) -> S:
    """The request as it opens on data of this ε (see ``Publication.eps``); 0 leaves everything as it is.

    Such data are photographs, of which a model takes two hundred times what one of a digit takes: sweeps have fewer
    levels, surfaces fewer points, and PGD fewer restarts, each of which can be set as on any data.
    """
    return spec.replace(**_changes(spec, eps)) if eps else spec


def changed(spec: Spec, before: float, after: float) -> dict[str, object]:
    """The fields that open otherwise on data of ε ``after`` than on data of ``before``, with their new values."""
    old, new = opened(spec, before), opened(spec, after)
    return {name: getattr(new, name) for name in params(new) if getattr(new, name) != getattr(old, name)}


@singledispatch
def _changes(spec: Spec, eps: float) -> dict[str, object]:
    """The fields that open with other values, with these."""
    return {"ball": Linf(eps)} if isinstance(getattr(spec, "ball", None), Linf) else {}


@_changes.register
def _(spec: RobustnessCurves, eps: float) -> dict[str, object]:
    return {"ball": Linf(_SWEPT * eps), "levels": _SWEPT, "images": 20, "searched": 2}


@_changes.register
def _(spec: Embeddings, eps: float) -> dict[str, object]:
    return {"ball": Linf(_SWEPT * eps), "levels": _SWEPT, "images": spec.images[:4], "count": 20, "averaged": 8}


@_changes.register(Masking)
@_changes.register(TransferMatrix)
def _(spec: Masking | TransferMatrix, eps: float) -> dict[str, object]:
    return {"ball": Linf(eps), "eps": (2 * eps, 4 * eps), "images": 20}


@_changes.register
def _(spec: LossSurface, eps: float) -> dict[str, object]:
    return {"ball": Linf(eps), "across": RandomSigns(), "points": 21}  # the source is a model of digits


@_changes.register
def _(spec: Restarts, eps: float) -> dict[str, object]:
    return {"ball": Linf(eps), "images": spec.images[:2], "attack": spec.attack.replace(steps=10, restarts=10)}
