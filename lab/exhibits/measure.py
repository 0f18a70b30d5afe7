"""From an exhibit's description to its result, whoever answers the analyses: the command line or an engine."""

import time
from collections.abc import Callable
from functools import singledispatch

from lab import __version__, catalogue
from lab.errors import SpecError
from lab.exhibits import networks
from lab.exhibits.exhibit import Exhibit, judged
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitResult
from lab.results.result import Result
from lab.specs.analyses import Analysis, Restarts
from lab.specs.curves import RobustnessCurves
from lab.specs.embedding import Embeddings
from lab.specs.masking import Masking
from lab.specs.surface import LossSurface
from lab.specs.transfer import TransferMatrix

Answer = Callable[[Analysis], Result]


def measure(exhibit: Exhibit, scale: Scale, answer: Answer) -> ExhibitResult:
    """Ask the exhibit's analyses, one after the other, and put their results together.

    Its networks must be there: :func:`lab.exhibits.networks.ensure` trains them. Raises what ``answer`` raises.
    """
    start = time.perf_counter()
    asked = exhibit.ask(scale)
    answers = {name: answer(spec) for name, spec in asked.items()}
    seconds = time.perf_counter() - start
    ours = exhibit.tabulate(answers, scale)
    needed = exhibit.needed(scale)
    played = [networks.model(each, scale) for each in needed]
    return ExhibitResult(
        exhibit=exhibit.name,
        scale=scale.name,
        description=exhibit.digest(scale),
        table=ours,
        findings=tuple(judged(each, ours, exhibit.published) for each in exhibit.claims),
        networks=needed,
        models=tuple(each.name for each in played),
        sha256=tuple(catalogue.find_card(each.name).sha256 for each in played),
        images=max(map(images_in, asked.values()), default=0),
        seed=0,
        seconds=round(seconds, 1),
        version=__version__,
        command=f"python -m lab exhibit run {exhibit.short} --scale {scale.name}",
    )


@singledispatch
def images_in(spec: Analysis) -> int:
    """How many test images an analysis measures. Raises :class:`SpecError` for a kind that no exhibit has asked yet."""
    raise SpecError(f"{type(spec).__name__} does not say how many images it measures: register it in {__name__}.")


@images_in.register(TransferMatrix)
@images_in.register(RobustnessCurves)
@images_in.register(Masking)
def _(spec: TransferMatrix | RobustnessCurves | Masking) -> int:
    return spec.images


@images_in.register
def _(spec: Restarts) -> int:
    return len(spec.images)


@images_in.register
def _(spec: Embeddings) -> int:
    return spec.averaged


@images_in.register
def _(_: LossSurface) -> int:
    return 1
