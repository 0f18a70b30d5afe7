"""Models: those shipped, of packages, of runs, downloaded, custom and live. Reads folders and JSON only."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lab import datafiles, outside_json
from lab.catalogue import live_models, packaged
from lab.errors import LONGEST, LabError, ModelError, SpecError, fault_of, no_such, one_line, quoted
from lab.home import path_of, pretrained_folder, runs_folder
from lab.specs.balls import Ball
from lab.specs.data import Digits, published_data
from lab.specs.models import Architecture, Custom, ModelSpec, Trained
from lab.specs.spec import from_dict

ZOO = Path(__file__).parents[1] / "models" / "zoo"

_DIGITS = Digits.published.name
_PREFIXES = tuple(f"{each.published.name}-" for each in published_data())


@dataclass(frozen=True)
class ModelCard:
    """Facts about a trained model that are known before its weights are read.

    ``origin`` is ``zoo`` (shipped), ``package`` (of an installed package), ``run`` (a finished training),
    ``torchvision`` (downloaded), ``custom`` (brought along) or ``live`` (a module of this process); ``data`` the name
    of the data set it was trained on and ``train_images`` how many of it; ``measured`` its accuracies as fractions, by
    attack, in the threat model ``ball``; ``shape`` (channels, height, width) of its images; ``seconds`` its training
    took. What is not known of a downloaded, ``custom`` or ``live`` model, or is not in an older record, stays empty, 0
    or None.
    """

    name: str
    spec: ModelSpec
    origin: str
    data: str = ""
    measured: dict[str, float] = field(default_factory=dict)
    recipe: dict[str, object] | None = None
    shape: tuple[int, int, int] | None = None
    classes: int | None = None
    weights: Path | None = None
    sha256: str = ""
    architecture: Architecture | None = None
    ball: Ball | None = None
    seconds: float = 0.0
    train_images: int = 0


@dataclass(frozen=True)
class Unlisted:
    """A model of that name that should be in the list and cannot be, and why in a sentence."""

    name: str
    sentence: str


def models() -> list[ModelCard]:
    """Every model: the zoo's, those of packages, runs, downloaded, custom and this process's live ones."""
    return [each for each in _found_models() if isinstance(each, ModelCard)]


def problems() -> list[str]:
    """A sentence for each model that should be in the list and cannot be, its record being damaged."""
    return [each.sentence for each in _found_models() if isinstance(each, Unlisted)]


def find_model(name: str) -> ModelSpec:
    """The model of that name. Raises :class:`ModelError` naming the ones that come close."""
    return find_card(name).spec


def find_card(name: str) -> ModelCard:
    """Return the card of the model of that name.

    Raises :class:`ModelError` saying why it is not listed, as that its record is damaged or its training has not ended;
    else naming the ones that come close.
    """
    found = list(_found_models())
    known = {each.name: each for each in found if isinstance(each, ModelCard)}
    if name in known:
        return known[name]
    for each in found:
        if isinstance(each, Unlisted) and each.name == name:
            raise ModelError(each.sentence)
    if absent := packaged.packaged(name):
        raise ModelError(absent.absence)
    if any(each.parent.name == name for each in runs_folder().glob("*/recipe.json")):
        raise ModelError(
            f"{name} is a training that has not ended: resume it with python -m lab train --resume --name {name}."
        )
    raise ModelError(no_such("model", name, known))


def shipped_on(data: str, name: str) -> str:
    """The name of the shipped model that was trained on these data as the digits' model of that name on the digits."""
    return name if data == _DIGITS else f"{data}-{name}"


def trained_as(name: str) -> str:
    """The name of the digits' model that was trained as a shipped model of that name; the inverse of shipped_on."""
    return next((name.removeprefix(each) for each in _PREFIXES if name.startswith(each)), name)


def _found_models() -> Iterator[ModelCard | Unlisted]:
    """Cards, and sentences about damaged ones. The first of several models of one name is listed."""
    seen = set()
    for each in (*_zoo(), *_packaged(), *_runs(), *_pretrained(), *_custom_models(), *_live_models()):
        if isinstance(each, ModelCard) and each.name in seen:
            words = f"A second model called '{each.name}' ({each.weights}) is not listed: give it another name."
            yield Unlisted(each.name, words)
            continue
        if isinstance(each, ModelCard):
            seen.add(each.name)
        yield each


def _zoo() -> Iterator[ModelCard | Unlisted]:
    for path in sorted(ZOO.glob("*.json")):
        yield _card(path, path.stem, "zoo", path.with_suffix(".safetensors"))


def _packaged() -> Iterator[ModelCard]:
    for each in packaged.PACKAGED:
        if each.weights and each.weights.is_file():
            yield ModelCard(
                each.name,
                Trained(each.name),
                "package",
                data=each.data,
                measured={"clean": each.clean},
                shape=each.shape,
                classes=each.classes,
                weights=each.weights,
                sha256=each.sha256,
                architecture=each.architecture,
            )


def _runs() -> Iterator[ModelCard | Unlisted]:
    for path in sorted(runs_folder().glob("*/card.json")):
        yield _card(path, path.parent.name, "run", path.parent / "weights.safetensors")


def _pretrained() -> Iterator[ModelCard | Unlisted]:
    for path in sorted(pretrained_folder().glob("*/card.json")):
        yield _card(path, path.parent.name, "torchvision", path.parent / "weights.safetensors")


def _card(path: Path, name: str, origin: str, weights: Path) -> ModelCard | Unlisted:
    try:
        card = _read_card(datafiles.stamp(path), name, origin, weights)
    except SpecError as error:
        why = f"({fault_of(error):.120}): a newer lab has made it, or it was changed by hand"
        words = f"{path} is not known to this lab, and its model is not listed {why}."
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        words = f"{path} is damaged and its model is not listed ({fault_of(error)}): train it again or remove it."
    else:
        if weights.is_file():
            return card
        words = f"{weights} is missing and its model is not listed: train it again or remove {path}."
    return Unlisted(name, one_line(words, LONGEST))


@lru_cache(maxsize=1000)
def _read_card(stamp: tuple[Path, int, int], name: str, origin: str, weights: Path) -> ModelCard:
    """The record of a trained model, read again when the file has changed: every model is looked up by this list."""
    record = outside_json.read(stamp[0])
    if not isinstance(record, dict):
        raise ValueError(f"it holds {quoted(record, 30)} instead of an object")
    channels, height, width = (int(outside_json.number(each, 1, 100_000)) for each in record["shape"])
    architecture, recipe = from_dict(record["architecture"]), record["recipe"]
    ball = from_dict(record["measured_ball"]) if record.get("measured_ball") else None
    if not isinstance(architecture, Architecture) or not isinstance(recipe, dict | None):
        raise ValueError("it holds no architecture and recipe")
    if not isinstance(ball, Ball | None):
        raise ValueError("its measured_ball is not a threat model")
    return ModelCard(
        name,
        Trained(name),
        origin,
        data=str(record["data"]),
        measured={key: outside_json.number(value, 0, 1) for key, value in record["measured"].items()},
        recipe=recipe,
        shape=(channels, height, width),
        classes=int(outside_json.number(record["classes"], 1, 1_000_000)),
        weights=weights,
        sha256=str(record["sha256"]),
        architecture=architecture,
        ball=ball,
        seconds=outside_json.number(record.get("seconds", 0.0), 0, 1e9),
        train_images=int(outside_json.number(record.get("train_images", 0), 0, 1e9)),
    )


def _custom_models() -> Iterator[ModelCard | Unlisted]:
    text = os.environ.get("LAB_OWN_MODELS") or "[]"
    try:
        named = [(str(each["name"]), each["builder"], each.get("weights") or "") for each in outside_json.parse(text)]
        specs = [Custom(builder, weights, name) for name, builder, weights in named]
        files = [path_of(spec.weights) if spec.weights else None for spec in specs]
    except (LabError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Unlisted(
            "",
            f"LAB_OWN_MODELS cannot be read ({one_line(fault_of(error), 100)}): "
            'it should be a JSON list of objects with "name", "builder" and "weights".',
        )
        return
    for spec, weights in zip(specs, files, strict=True):
        sha256 = datafiles.file_hash(weights) if weights and weights.is_file() else ""
        yield ModelCard(spec.name, spec, "custom", weights=weights, sha256=sha256)


def _live_models() -> Iterator[ModelCard]:
    return (ModelCard(spec.name, spec, "live") for spec in live_models.registered())
