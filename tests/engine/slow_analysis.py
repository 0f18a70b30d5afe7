"""An analysis that takes as long as it is told, for the engine's tests; the worker imports it as a preload."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from lab.analysis.analyse import analyse
from lab.context import Cancelled, Context
from lab.cost import Cost, cost
from lab.errors import DataError
from lab.results.result import Result
from lab.specs import Analysis, param


@dataclass(frozen=True)
class Slow(Analysis, title="Slow"):
    """Counts to ``steps``; writes its worker's process number to ``diary`` whenever it begins.

    With a ``gate``, the file there holds the number of the steps that may be taken (see :func:`let_go`): a test that
    does something in the middle of the computation is never too late.
    """

    steps: int = param(10, 1, 1000)
    pause: float = param(0.02, 0.0, 10.0)
    diary: str = param("")
    gate: str = param("")
    fault: str = param("", choices=("", "mendable", "bug", "verbose", "deadly"))
    cost: int = param(0, 0, 10**9)
    memory: int = param(0, 0, 2**60)


@dataclass(frozen=True)
class Lengthy(Slow):
    """The same in the slot of long jobs."""

    long: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Counted(Result):
    """The numbers counted so far."""

    spec: Slow
    numbers: np.ndarray


@cost.register
def _(spec: Slow) -> Cost:
    return Cost(spec.cost, spec.memory)


@analyse.register
def slow(spec: Slow, ctx: Context) -> Counted:
    with Path(spec.diary).open("a") as diary:
        diary.write(f"{os.getpid()}\n")
    if spec.fault == "mendable":
        raise DataError("The images in 'x.npz' have the wrong shape: give them as (n, channels, height, width).")
    if spec.fault == "bug":
        raise ZeroDivisionError("too few images")
    if spec.fault == "verbose":
        raise ValueError("shapes do not match:\n" * 100)
    for i in range(spec.steps):
        ctx.report(i, spec.steps, number=i)
        ctx.partial(Counted(spec, np.arange(i)))
        while spec.gate and i >= _allowed(Path(spec.gate)):
            if ctx.cancelled():
                raise Cancelled
            time.sleep(0.01)
        time.sleep(spec.pause)
        if spec.fault == "deadly" and i == 1:
            os._exit(1)
    return Counted(spec, np.arange(spec.steps))


def held(spec: Slow) -> Slow:
    """The same computation, which takes no step before it is let go."""
    return spec.replace(gate=f"{spec.diary}.gate")


def let_go(spec: Slow, steps: int = 1000) -> None:
    """Allow a held computation to take so many of its steps: all, unless told."""
    Path(spec.gate).write_text(str(steps))


def _allowed(gate: Path) -> int:
    return int(gate.read_text() or 0) if gate.exists() else 0
