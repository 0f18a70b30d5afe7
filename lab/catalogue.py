"""What there is to choose from: data sets and trained models. Reads folders and JSON only, no PyTorch."""

import difflib
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from lab import datafiles
from lab.errors import DataError, LabError, ModelError
from lab.home import data_folder, pretrained_folder, runs_folder
from lab.specs.data import CIFAR10, MNIST, DataSpec, Digits, FashionMNIST, ImageFolder, NpzFile
from lab.specs.models import Architecture, Custom, ModelSpec, Trained
from lab.specs.spec import Spec, from_dict

ZOO = Path(__file__).parent / "models" / "zoo"
_PUBLISHED = (Digits(), MNIST(), FashionMNIST(), CIFAR10())
_SOURCES = ("attacks", "analysis", "data", "models", "training", "results", "specs")


@dataclass(frozen=True)
class ModelCard:
    """What is known about a trained model before its weights are read.

    ``origin`` is ``zoo`` (shipped), ``run`` (a person's finished training), ``torchvision`` (downloaded) or ``own``
    (brought along); ``data`` the name of the data set it was trained on; ``measured`` its accuracies as fractions,
    by attack; ``shape`` (channels, height, width) of its images. What is not known of a downloaded or ``own`` model
    stays empty or None.
    """

    name: str
    spec: ModelSpec
    origin: str
    data: str = ""
    measured: dict[str, float] = field(default_factory=dict)
    recipe: dict[str, Any] | None = None
    shape: tuple[int, int, int] | None = None
    classes: int | None = None
    weights: Path | None = None
    sha256: str = ""
    architecture: Architecture | None = None


@dataclass(frozen=True)
class DataCard:
    """What is known about a data set before its images are read.

    ``available`` says whether its files are there and readable; if not, ``note`` says in a sentence what to do.
    """

    name: str
    spec: DataSpec
    shape: tuple[int, int, int] | None
    classes: int | None
    n_test: int | None
    available: bool
    note: str


def models() -> list[ModelCard]:
    """Every model there is: the zoo's, then finished runs, downloaded ones, and own ones brought along."""
    return [each for each in _found_models() if isinstance(each, ModelCard)]


def problems() -> list[str]:
    """A sentence for each model that should be in the list and cannot be, its record being damaged."""
    return [each for each in _found_models() if isinstance(each, str)]


def data_sets() -> list[DataCard]:
    """Every data set there is: the published ones, every .npz file in ``LAB_DATA``, then own ones."""
    return [_data_card(name, spec) for name, spec in _named_data().items()]


def find_model(name: str) -> ModelSpec:
    """The model of that name. Raises :class:`ModelError` naming the ones that come close."""
    return find_card(name).spec


def find_card(name: str) -> ModelCard:
    """What is known about the model of that name. Raises :class:`ModelError` naming the ones that come close."""
    known = {each.name: each for each in models()}
    if name not in known:
        raise ModelError(_unknown("model", name, known))
    return known[name]


def find_data(name: str) -> DataSpec:
    """The data set of that name, .npz file or image folder. Raises :class:`DataError` naming close ones."""
    known = _named_data()
    if name.lower() in known or name in known:
        return known.get(name) or known[name.lower()]
    path = Path(name).expanduser()
    if path.suffix == ".npz" or path.is_dir():
        return _own_data(path)
    raise DataError(_unknown("data set", name, known))


def fingerprints(spec: Spec) -> tuple[str, ...]:
    """What besides the spec decides a result: the weights and data inside it, and the lab's own code.

    One sha256 for each model (of its weights) and data set (of its files) in the order of the spec's fields, then
    one over the sources of the lab. Raises :class:`LabError` when a model or data set is not there.
    """
    return (*(_fingerprint(each) for each in parts(spec)), implementation())


def require_listed(spec: Spec) -> None:
    """Refuse a spec from outside that names a model or data set which the lists do not offer.

    An own network's builder is code, and a path is a file: only the command line and Python may name new ones.
    Raises :class:`LabError`.
    """
    offered = {each.spec for each in models()} | set(_named_data().values())
    for part in parts(spec):
        if part not in offered:
            name = getattr(part, "name", type(part).__name__)
            raise LabError(f"'{name:.60}' is not among the models and data sets of this lab.")


@lru_cache(maxsize=1)
def implementation() -> str:
    """The implementation's version: a hash over the sources that compute results."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(path for folder in _SOURCES for path in (root / folder).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))  # git may change line ends on Windows
    return digest.hexdigest()


def _found_models() -> Iterator[ModelCard | str]:
    """Cards, and sentences about damaged ones. The first of several models of one name is listed."""
    seen = set()
    for each in (*_zoo(), *_runs(), *_pretrained(), *_own_models()):
        if isinstance(each, ModelCard) and each.name in seen:
            yield f"A second model called '{each.name}' ({each.weights}) is not listed: give it another name."
        else:
            seen.add(getattr(each, "name", None))
            yield each


def _zoo() -> Iterator[ModelCard | str]:
    for path in sorted(ZOO.glob("*.json")):
        yield _card(path, path.stem, "zoo", path.with_suffix(".safetensors"))


def _runs() -> Iterator[ModelCard | str]:
    for path in sorted(runs_folder().glob("*/card.json")):
        yield _card(path, path.parent.name, "run", path.parent / "weights.safetensors")


def _pretrained() -> Iterator[ModelCard | str]:
    for path in sorted(pretrained_folder().glob("*/card.json")):
        yield _card(path, path.parent.name, "torchvision", path.parent / "weights.safetensors")


def _card(path: Path, name: str, origin: str, weights: Path) -> ModelCard | str:
    try:
        card = _read_card(datafiles.stamp(path), name, origin, weights)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{path} is damaged and its model is not listed ({_words(error)}): train it again or remove it."
    if not weights.is_file():
        return f"{weights} is missing and its model is not listed: train it again or remove {path}."
    return card


@lru_cache(maxsize=1000)
def _read_card(stamp: tuple[Path, int, int], name: str, origin: str, weights: Path) -> ModelCard:
    """The record of a trained model, read again when the file has changed: every model is looked up by this list."""
    record = json.loads(stamp[0].read_text("utf-8"))
    channels, height, width = map(int, record["shape"])
    return ModelCard(
        name,
        Trained(name),
        origin,
        data=str(record["data"]),
        measured={str(key): float(value) for key, value in record["measured"].items()},
        recipe=record["recipe"],
        shape=(channels, height, width),
        classes=int(record["classes"]),
        weights=weights,
        sha256=str(record["sha256"]),
        architecture=from_dict(record["architecture"]),
    )


def _own_models() -> Iterator[ModelCard | str]:
    text = os.environ.get("LAB_OWN_MODELS") or "[]"
    try:
        specs = {str(each["name"]): Custom(each["builder"], each.get("weights") or "") for each in json.loads(text)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield (
            f"LAB_OWN_MODELS cannot be read ({_words(error)}): "
            'it should be a JSON list of objects with "name", "builder" and "weights".'
        )
        return
    for name, spec in specs.items():
        weights = Path(spec.weights) if spec.weights else None
        sha256 = datafiles.file_hash(weights) if weights and weights.is_file() else ""
        yield ModelCard(name, spec, "own", weights=weights, sha256=sha256)


def _named_data() -> dict[str, DataSpec]:
    """Data sets by name; of two with one name, the later one goes by its path."""
    named: dict[str, DataSpec] = {datafiles.name_of(spec): spec for spec in _PUBLISHED}
    own = filter(None, os.environ.get("LAB_OWN_DATA", "").split(os.pathsep))
    for path in [*sorted(data_folder().glob("*.npz")), *map(Path, own)]:
        spec = _own_data(path.expanduser())
        if spec not in named.values():
            name = datafiles.name_of(spec)
            named[str(path) if name in named else name] = spec
    return named


def _own_data(path: Path) -> NpzFile | ImageFolder:
    where = str(path.resolve())  # a worker may have another working directory
    return ImageFolder(where) if path.is_dir() else NpzFile(where)


def _data_card(name: str, spec: DataSpec) -> DataCard:
    try:
        found = datafiles.outline(spec)
    except (DataError, OSError) as error:
        return DataCard(name, spec, None, None, None, False, str(error))
    return DataCard(name, spec, found.shape, found.classes, found.n_test, True, "")


def parts(spec: Spec) -> Iterator[ModelSpec | DataSpec]:
    """The models and data sets that a spec names, in the order of its fields."""
    if isinstance(spec, (ModelSpec, DataSpec)):
        yield spec
        return
    for each in fields(spec):
        value = getattr(spec, each.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Spec):
                yield from parts(part)


def _fingerprint(part: ModelSpec | DataSpec) -> str:
    if isinstance(part, DataSpec):
        return datafiles.fingerprint(part)
    if isinstance(part, Custom):
        return _custom_fingerprint(part)
    weights = find_card(part.name).weights if isinstance(part, Trained) else None
    if weights is None:
        raise LabError(f"There are no weights for {part!r}.")
    return datafiles.file_hash(weights)


def _custom_fingerprint(spec: Custom) -> str:
    """Over a person's weights and the source file of the builder, found without importing it."""
    weights = Path(spec.weights) if spec.weights else None
    if weights and not weights.is_file():
        raise ModelError(f"There is no file {weights} with the weights of {spec.builder}: check its path.")
    inside = spec.builder.partition(":")[0].replace(".", "/")
    places = [Path(folder) / f"{inside}{end}" for folder in (".", *sys.path) for end in (".py", "/__init__.py")]
    source = next((path for path in places if path.is_file()), None)
    hashes = [datafiles.file_hash(path.resolve()) for path in (weights, source) if path]
    return hashlib.sha256("\n".join([spec.builder, *hashes]).encode()).hexdigest()


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name.lower(), names, n=3)
    hint = f", but there is {' or '.join(close)}" if close else ""
    return f"There is no {kind} called '{name}'{hint}; known are {', '.join(names) or 'none'}."


def _words(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")
