"""An analysis that takes as long as it is told, for the engine's tests; the worker imports it as a preload."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from lab.analysis.analyse import analyse
from lab.context import Context
from lab.errors import DataError
from lab.results.result import Result
from lab.specs import Analysis, param


@dataclass(frozen=True)
class Slow(Analysis):
    """Counts to ``steps``; writes its worker's process number to ``diary`` whenever it begins."""

    steps: int = param(10, 1, 1000)
    pause: float = param(0.02, 0.0, 10.0)
    diary: str = param("")
    fault: str = param("", choices=("", "mendable", "bug", "deadly"))
    cost: int = param(0, 0, 10**9)

    @property
    def gradient_steps(self) -> int:
        return self.cost


@dataclass(frozen=True)
class Lengthy(Slow):
    """The same in the slot of long jobs."""

    long: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Counted(Result):
    """The numbers counted so far."""

    spec: Slow
    numbers: np.ndarray


@analyse.register
def slow(spec: Slow, ctx: Context) -> Counted:
    with Path(spec.diary).open("a") as diary:
        diary.write(f"{os.getpid()}\n")
    if spec.fault == "mendable":
        raise DataError("The images in 'x.npz' have the wrong shape: give them as (n, channels, height, width).")
    if spec.fault == "bug":
        raise ZeroDivisionError("too few images")
    for i in range(spec.steps):
        ctx.report(i, spec.steps, number=i)
        ctx.partial(Counted(spec, np.arange(i)))
        time.sleep(spec.pause)
        if spec.fault == "deadly" and i == 1:
            os._exit(1)
    return Counted(spec, np.arange(spec.steps))
