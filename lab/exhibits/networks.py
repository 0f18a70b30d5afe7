"""The papers' networks by name: which model plays each at a scale, and how one that is missing is trained.

On the digits the shipped models play most of them, on CIFAR-10 some; the others are trained as ordinary runs, which
every exhibit that needs them uses, and which the list of models shows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lab import catalogue, runs
from lab.errors import LabError, no_such
from lab.exhibits.scales import Scale
from lab.specs.models import ModelSpec, Trained
from lab.specs.recipes import Recipe
from lab.specs.runs import TrainingRun
from lab.specs.spec import to_json

Build = Callable[[Scale], Recipe]


@dataclass(frozen=True)
class Role:
    """A network of a paper: its name there, what it is, its recipe at each scale.

    ``shipped`` names, by scale, the model that plays it where another network or the lab ships one of its kind.
    ``after`` names the networks whose weights the recipe needs.
    """

    name: str
    about: str
    build: Build
    shipped: Mapping[str, str]
    after: tuple[str, ...] = ()


_KNOWN: dict[str, Role] = {}


def add(name: str, about: str, build: Build, on_digits: str = "", after: Iterable[str] = (), on_cifar: str = "") -> str:
    """Make a network known under its name, which is returned."""
    shipped = {scale: model for scale, model in (("digits", on_digits), ("cifar", on_cifar)) if model}
    _KNOWN[name] = Role(name, about, build, shipped, tuple(after))
    return name


def find(name: str) -> Role:
    """The network of that name. Raises :class:`LabError` naming those that come close."""
    if name not in _KNOWN:
        raise LabError(no_such("network", name, _KNOWN))
    return _KNOWN[name]


def every() -> tuple[Role, ...]:
    """All networks, those of a paper one after the other."""
    return tuple(_KNOWN.values())


def model(name: str, scale: Scale) -> Trained:
    """The model that plays the network at a scale, whether it is trained already or not."""
    return Trained(find(name).shipped.get(scale.name, f"{scale.name}-{name}"))


def models(names: Iterable[str], scale: Scale) -> tuple[ModelSpec, ...]:
    """The models that play several networks."""
    return tuple(model(each, scale) for each in names)


def missing(names: Iterable[str], scale: Scale) -> list[TrainingRun]:
    """The runs that train what is not there yet of these networks, each after those whose weights it needs."""
    there = {each.name for each in catalogue.models()}
    wanted = {model(each, scale).name: each for name in names for each in _with_needed(name, scale, there)}
    return [TrainingRun(name, find(each).build(scale)) for name, each in wanted.items()]


def ensure(names: Iterable[str], scale: Scale, train: Callable[[TrainingRun], object]) -> None:
    """Train what is missing of these networks, one after the other, by ``train``; a run left unfinished is resumed.

    Raises what ``train`` raises, and :class:`LabError` where a run of that name has another recipe.
    """
    for run in missing(names, scale):
        known = runs.recipe_in(runs.folder(run.name))
        if known is not None and to_json(known) != to_json(run.recipe):
            raise LabError(f"The run '{run.name}' has another recipe than this model: discard that run first.")
        train(run)


def played(name: str, scale: Scale) -> str:
    """Which model plays a network, in words: "A_adv (FGSM training) is played by fgsm-trained"."""
    return f"{name} ({find(name).about}) is played by {model(name, scale).name}"


def _with_needed(name: str, scale: Scale, there: set[str]) -> Iterator[str]:
    """What is to be trained for this network: those whose weights it needs, then itself."""
    if model(name, scale).name not in there:
        for each in find(name).after:
            yield from _with_needed(each, scale, there)
        yield name
