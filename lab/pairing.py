"""Pairing of models and data: which fit, and which were trained on other data. No PyTorch."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, cast

from lab import catalogue, datafiles
from lab.catalogue import DataCard, ModelCard
from lab.specs.data import DataSpec
from lab.specs.models import ModelSpec, Trained, name_of, names_of
from lab.specs.spec import Spec, params

S = TypeVar("S", bound=Spec)

_MARK = " (trained on "


def fits(model: ModelCard, data: DataCard) -> bool:
    """Return whether the model takes the data's images; what a custom model does not tell is the worker's to check.

    Data on which nothing can be trained, such as some of a data set's classes, may have fewer classes than the model.
    """
    classes = model.classes if data.untrainable and (model.classes or 0) > (data.classes or 0) else data.classes
    pairs = ((model.shape, data.shape), (model.classes, classes))
    return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)


def trained_elsewhere(model: ModelCard, data: DataSpec) -> str:
    """The name of the data that a model was trained on if they are not these; empty if they are, or are not known."""
    if not model.data:
        return ""
    mine, theirs = (model.recipe or {}).get("data"), getattr(data, "path", None)
    path = mine.get("path") if isinstance(mine, dict) else None
    if isinstance(path, str) and theirs is not None and path != theirs and Path(path).exists():
        return model.data if model.data != datafiles.name_of(data) else path  # another file of the same name
    return "" if model.data == datafiles.kind_of(data) else model.data


def usable(models: Iterable[ModelCard]) -> list[ModelCard]:
    """The models without the shipped ones whose data set is not here: on other images they show little."""
    absent = {each.name for each in catalogue.data_sets() if not each.available}
    return [each for each in models if each.origin != "zoo" or each.data not in absent]


def offered(models: Iterable[ModelCard], data: DataCard) -> list[tuple[ModelCard, str]]:
    """The models to choose from on these data, each with the name of the other data that it was trained on, if any."""
    fitting = [(each, trained_elsewhere(each, data.spec)) for each in models if fits(each, data)]
    elsewhere = usable(each for each, other in fitting if other)
    return [(each, other) for each, other in fitting if not other or each in elsewhere]


def trained_alike(name: str, data: DataSpec) -> str:
    """The name that the shipped model has which was trained on these data as the digits' model called ``name``."""
    return catalogue.shipped_on(datafiles.kind_of(data), name)


def at_home(spec: S, data: DataSpec) -> S:
    """The spec with each of the digits' models in it exchanged for the shipped one that was trained alike on the data.

    Of several models those stay out for which there is none; where all would, the standard model of the data stands in.
    For a single one, as the source of a second axis, it is another model of theirs. Without any, the spec stays as it
    is. For specs as they are by default: what a person has chosen is theirs.
    """
    cards = [each for each in catalogue.models() if each.origin == "zoo"]
    shipped = {each.name: each.spec for each in cards}
    mine = [each.spec for each in cards if each.data == datafiles.kind_of(data)]
    if not mine:
        return spec
    standard = shipped.get(trained_alike("standard", data), mine[0])
    another = next((each for each in mine if each != standard), standard)

    def at(model: Trained) -> ModelSpec | None:
        """The model that stands in for this one on the data; None where none was trained alike."""
        stays = model in mine or model.name not in shipped
        return model if stays else shipped.get(trained_alike(model.name, data))

    def exchanged(value: object) -> object:
        if isinstance(value, tuple):
            found = [at(each) if isinstance(each, Trained) else exchanged(each) for each in value]
            return tuple(each for each in found if each is not None) or ((standard,) if value else ())
        if isinstance(value, Trained):
            return at(value) or another
        if isinstance(value, Spec):
            return value.replace(**{name: exchanged(getattr(value, name)) for name in params(value)})
        return value

    return cast(S, exchanged(spec))


def marked(name: str, elsewhere: str) -> str:
    """A model's name and, if it was trained on other data, which."""
    return f"{name}{_MARK}{elsewhere})" if elsewhere else name


def unmarked(name: str) -> str:
    """The name of a model without the mark that :func:`marked` gave it."""
    return name.partition(_MARK)[0]


def names_on(models: Sequence[ModelSpec], data: DataSpec) -> tuple[str, ...]:
    """Return the models' names in results on these data, marked if they were trained on other data."""
    cards = {card.spec: card for card in catalogue.models()}
    return tuple(
        marked(name, _elsewhere(each, data, cards)) for name, each in zip(names_of(models), models, strict=True)
    )


def warnings(data: DataSpec, *specs: Spec) -> list[str]:
    """A sentence for each model in these specs that was trained on other data than ``data``."""
    cards = {card.spec: card for card in catalogue.models()}
    found = {each: _elsewhere(each, data, cards) for spec in specs for each in _models(spec)}
    return [
        f"{name_of(each)} was trained on {elsewhere}, not on {datafiles.name_of(data)}: what it predicts here says "
        "little about its robustness."
        for each, elsewhere in found.items()
        if elsewhere
    ]


def _models(spec: Spec) -> Iterator[ModelSpec]:
    return (each for each in catalogue.parts(spec) if isinstance(each, ModelSpec))


def _elsewhere(model: ModelSpec, data: DataSpec, cards: dict[ModelSpec, ModelCard]) -> str:
    return trained_elsewhere(cards[model], data) if model in cards else ""
