"""Pairing of models and data: which fit, and which were trained on other data. No PyTorch."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lab import catalogue, datafiles
from lab.catalogue import DataCard, ModelCard
from lab.specs.data import DataSpec
from lab.specs.models import ModelSpec, name_of, names_of
from lab.specs.spec import Spec

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
