"""When what happens: steps, epochs and lines of metrics, and the learning rate of each step.

Nothing here has a state: everything follows from the number of the step, so carrying on is starting at another one.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import singledispatch
from math import ceil

from lab.errors import LabError
from lab.specs.optimisers import Constant, Exponential, OneCycle, Piecewise, Schedule
from lab.training.step import Moment

LINES = 5  # of metrics in an epoch of few steps
MOST_STEPS = 20  # between two lines in an epoch of many


@dataclass(frozen=True)
class Plan:
    """``epochs`` passes over so many ``images``, ``batch`` of them a step.

    An epoch's last batch may be smaller, but for a single image, which joins the batch before: batch normalisation
    learns nothing from one.
    """

    images: int
    batch: int
    epochs: int

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        alone = self.batch > 1 and self.images > 1 and self.images % self.batch == 1
        return ceil(self.images / self.batch) - alone

    @property
    def steps(self) -> int:
        """Steps altogether."""
        return self.epochs * self.per_epoch

    def moment(self, step: int) -> Moment:
        """The moment of the step that has ``step`` ones before it."""
        return Moment(step, step // self.per_epoch + self.seen(step) / self.images)

    def seen(self, step: int) -> int:
        """Images of the epoch that were read before this step of it."""
        return step % self.per_epoch * self.batch

    def size(self, step: int) -> int:
        """Images of this step."""
        last = self.ends_epoch(step + 1)
        return self.images - self.seen(step) if last else self.batch

    def ends_epoch(self, steps: int) -> bool:
        """Return whether an epoch is complete after so many steps."""
        return steps % self.per_epoch == 0

    def ends_line(self, steps: int) -> bool:
        """Return whether a line of metrics is due after so many steps."""
        every = min(max(self.per_epoch // LINES, 1), MOST_STEPS)
        return self.ends_epoch(steps) or steps % self.per_epoch % every == 0


@singledispatch
def factor(schedule: Schedule, step: int, plan: Plan) -> float:
    """Return the factor of the optimiser's learning rate in the step that has ``step`` ones before it."""
    raise LabError(f"There is no schedule called {type(schedule).__name__}.")


@factor.register
def constant(schedule: Constant, step: int, plan: Plan) -> float:
    """1 in every step."""
    return 1.0


@factor.register
def piecewise(schedule: Piecewise, step: int, plan: Plan) -> float:
    """1, and from each share of all steps on the factor that belongs to it."""
    return (1.0, *schedule.factors)[bisect_right(schedule.at, step / plan.steps)]


@factor.register
def exponential(schedule: Exponential, step: int, plan: Plan) -> float:
    """The same within an epoch; one factor more in the next."""
    return schedule.factor ** (step // plan.per_epoch)


@factor.register
def one_cycle(schedule: OneCycle, step: int, plan: Plan) -> float:
    """Linear from 0 up to 1 at the peak and back, 0 in the last step, as in Wong et al. 2020's published code."""
    share = (step + 1) / plan.steps
    return share / schedule.peak if share < schedule.peak else (1 - share) / (1 - schedule.peak)
