"""Catalogue of data sets and trained models. Reads folders and JSON only, no PyTorch."""

import ast
import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import lru_cache, singledispatch
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lab import datafiles, live_models, outside_json, packaged, plugins, sources
from lab.datafiles import arrays
from lab.errors import LONGEST, DataError, LabError, ModelError, SpecError, fault_of, no_such, one_line, quoted
from lab.home import path_of, pretrained_folder, runs_folder
from lab.specs.balls import Ball
from lab.specs.data import DataSpec, published_data
from lab.specs.models import Architecture, Custom, Live, ModelSpec, Trained
from lab.specs.spec import Spec, from_dict, to_json

ZOO = Path(__file__).parent / "models" / "zoo"
_COMPUTING_NOTHING = frozenset(
    {
        "__main__",
        "browser",
        "claims",
        "cli",
        "doctor",
        "engine",
        "exhibits",
        "processes",
        "reports",
        "server",
        "stories",
    }
)
_PACKAGES = ("numpy", "pillow", "safetensors", "scikit-learn", "scipy", "torch", "torchvision")


@dataclass(frozen=True)
class ModelCard:
    """Facts about a trained model that are known before its weights are read.

    ``origin`` is ``zoo`` (shipped), ``package`` (of an installed package), ``run`` (a finished training),
    ``torchvision`` (downloaded), ``custom`` (brought along) or ``live`` (a module of this process); ``data`` the name
    of the data set it was trained on; ``measured`` its accuracies as fractions, by attack, in the threat model
    ``ball``; ``shape`` (channels, height, width) of its images. What is not known of a downloaded, ``custom`` or
    ``live`` model stays empty or None.
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


@dataclass(frozen=True)
class DataCard:
    """Facts about a data set that are known before its images are read.

    ``shape`` is that of an image as a model is shown it, ``classes`` one more than the greatest label, ``class_names``
    by label, ``labels`` those that occur, perhaps with gaps. ``available`` says whether its files are there and
    readable; if not, ``note`` says in a sentence what to do. ``untrainable`` says why nothing can be trained on it;
    ``notes`` what else a user should know: the size images are scaled to, what labels mean, files that are not read.
    ``eps`` is the L∞ radius that requests on these data open with; 0 leaves it to the request.
    """

    name: str
    spec: DataSpec
    shape: tuple[int, int, int] | None
    classes: int | None
    n_test: int | None
    available: bool
    note: str
    n_train: int | None = None
    class_names: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    untrainable: str = ""
    notes: tuple[str, ...] = ()
    eps: float = 0.0


def models() -> list[ModelCard]:
    """Every model: the zoo's, those of packages, runs, downloaded, custom and this process's live ones."""
    return [each for each in _found_models() if isinstance(each, ModelCard)]


def problems() -> list[str]:
    """A sentence for each model that should be in the list and cannot be, its record being damaged."""
    return [each for each in _found_models() if isinstance(each, str)]


def data_sets() -> list[DataCard]:
    """Every data set there is: published ones, every .npz file in ``LAB_DATA``, custom ones, this process's arrays."""
    return [_data_card(name, spec) for name, spec in _named_data().items()]


def data_problems() -> list[str]:
    """A sentence when the folder of data sets cannot be read."""
    return datafiles.data_folder_problems()


def find_model(name: str) -> ModelSpec:
    """The model of that name. Raises :class:`ModelError` naming the ones that come close."""
    return find_card(name).spec


def find_card(name: str) -> ModelCard:
    """Return the card of the model of that name. Raises :class:`ModelError` naming the ones that come close."""
    known = {each.name: each for each in models()}
    if name not in known:
        if absent := packaged.packaged(name):
            raise ModelError(absent.absence)
        raise ModelError(no_such("model", name, known))
    return known[name]


def find_data(name: str, size: int | None = None, labels: str | None = None) -> DataSpec:
    """The data set of that name, .npz file or folder of images, these scaled to ``size`` if that is given.

    Raises :class:`DataError` naming close ones, or when a size, or a meaning of labels, is given for no folder.
    """
    known = _named_data()
    if name.lower() in known or name in known:
        return datafiles.scaled(known.get(name) or known[name.lower()], size, labels)
    path = path_of(name)
    if path.suffix == ".npz" or path.is_dir() or (path.is_file() and zipfile.is_zipfile(path)):
        return datafiles.custom_data(path, size, labels)
    if path.exists():
        words = datafiles.mistaken(path) or "is neither a folder of images nor an .npz file: save it with numpy.savez"
        raise DataError(f"{datafiles.shown(path)} {words}.")
    raise DataError(no_such("data set", name, known))


def fingerprints(spec: Spec) -> tuple[str, ...]:
    """Return what decides a result besides the spec: the weights and data inside it, and the lab's own code.

    One sha256 for each model (of its weights, and the code of a custom one) and data set (of its files) in the order of
    the spec's fields, then one over the sources of the lab and of its plug-ins, and what the trained models' cards say.
    Raises :class:`LabError` when a model or data set is not there.
    """
    found = tuple(parts(spec))
    trained = [find_card(each.name) for each in found if isinstance(each, Trained)]
    built = [
        f"{to_json(each.architecture)} {each.shape} {each.classes} {each.data}" for each in trained if each.architecture
    ]
    added = [each.fingerprint for each in plugins.load()]
    code = hashlib.sha256("\n".join([implementation(), *added, *built]).encode()).hexdigest()
    return (*(_fingerprint(each) for each in found), code)


def require_listed(spec: Spec) -> None:
    """Refuse a spec from outside that names a model or data set which the lists do not offer.

    An own network's builder is code, and a path is a file: only the command line and Python may name new ones.
    Raises :class:`LabError`.
    """
    offered = {each.spec for each in models()} | set(_named_data().values())
    for part in parts(spec):
        if part not in offered:
            name = getattr(part, "name", type(part).__name__)
            raise LabError(f"{quoted(name)} is not among the models and data sets of this lab.")


@lru_cache(maxsize=1)
def implementation() -> str:
    """The implementation's version: a hash over our sources and the versions of the packages that compute with them.

    All sources count but those of the parts that only ask and show. The device and the number of threads do not: they
    decide about last bits, and one question should have one result, whoever computes it.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in computing_sources():
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(_deciding(path))
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            digest.update(f"{name} {version(name)}".encode())
    return digest.hexdigest()


def _deciding(path: Path) -> bytes:
    """Return the part of a source file that can decide a result: of a spec's, all but titles, labels and meanings."""
    source = path.read_bytes()
    if path.parent.name != "specs":
        return source.replace(b"\r\n", b"\n")  # git may change line ends on Windows
    tree = sources.parsed(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.Call):
            node.keywords = [each for each in node.keywords if each.arg not in ("title", "label")]
    return ast.unparse(tree).encode()


def computing_sources() -> list[Path]:
    """Our source files that may take part in computing a result."""
    root = Path(__file__).parent
    found = {path: path.relative_to(root).parts[0].removesuffix(".py") for path in root.rglob("*.py")}
    return sorted(path for path, part in found.items() if part not in _COMPUTING_NOTHING)


def _found_models() -> Iterator[ModelCard | str]:
    """Cards, and sentences about damaged ones. The first of several models of one name is listed."""
    seen = set()
    for each in (*_zoo(), *_packaged(), *_runs(), *_pretrained(), *_custom_models(), *_live_models()):
        if isinstance(each, ModelCard) and each.name in seen:
            yield f"A second model called '{each.name}' ({each.weights}) is not listed: give it another name."
        else:
            seen.add(getattr(each, "name", None))
            yield each


def _zoo() -> Iterator[ModelCard | str]:
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


def _runs() -> Iterator[ModelCard | str]:
    for path in sorted(runs_folder().glob("*/card.json")):
        yield _card(path, path.parent.name, "run", path.parent / "weights.safetensors")


def _pretrained() -> Iterator[ModelCard | str]:
    for path in sorted(pretrained_folder().glob("*/card.json")):
        yield _card(path, path.parent.name, "torchvision", path.parent / "weights.safetensors")


def _card(path: Path, name: str, origin: str, weights: Path) -> ModelCard | str:
    try:
        card = _read_card(datafiles.stamp(path), name, origin, weights)
    except SpecError as error:
        why = f"({fault_of(error):.120}): a newer lab has made it, or it was changed by hand"
        return one_line(f"{path} is not known to this lab, and its model is not listed {why}.", LONGEST)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return one_line(
            f"{path} is damaged and its model is not listed ({fault_of(error)}): train it again or remove it.",
            LONGEST,
        )
    if not weights.is_file():
        return one_line(f"{weights} is missing and its model is not listed: train it again or remove {path}.", LONGEST)
    return card


@lru_cache(maxsize=1000)
def _read_card(stamp: tuple[Path, int, int], name: str, origin: str, weights: Path) -> ModelCard:
    """The record of a trained model, read again when the file has changed: every model is looked up by this list."""
    record = outside_json.read(stamp[0])
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
    )


def _custom_models() -> Iterator[ModelCard | str]:
    text = os.environ.get("LAB_OWN_MODELS") or "[]"
    try:
        named = [(str(each["name"]), each["builder"], each.get("weights") or "") for each in outside_json.parse(text)]
        specs = [Custom(builder, weights, name) for name, builder, weights in named]
        files = [path_of(spec.weights) if spec.weights else None for spec in specs]
    except (LabError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield (
            f"LAB_OWN_MODELS cannot be read ({one_line(fault_of(error), 100)}): "
            'it should be a JSON list of objects with "name", "builder" and "weights".'
        )
        return
    for spec, weights in zip(specs, files, strict=True):
        sha256 = datafiles.file_hash(weights) if weights and weights.is_file() else ""
        yield ModelCard(spec.name, spec, "custom", weights=weights, sha256=sha256)


def _live_models() -> Iterator[ModelCard]:
    return (ModelCard(spec.name, spec, "live") for spec in live_models.registered())


def _named_data() -> dict[str, DataSpec]:
    """Data sets by name; of two with one name, the later one goes by its path."""
    named: dict[str, DataSpec] = {datafiles.name_of(spec): spec for spec in published_data()}
    for spec in (*datafiles.in_data_folder(), *datafiles.offered(), *arrays.registered()):
        if spec not in named.values():
            name = datafiles.name_of(spec)
            named[datafiles.printable(getattr(spec, "path", name)) if name in named else name] = spec
    return named


def _data_card(name: str, spec: DataSpec) -> DataCard:
    try:
        found = datafiles.outline(spec)
    except LabError as error:
        return DataCard(name, spec, None, None, None, False, str(error))
    return DataCard(
        name,
        spec,
        found.shape,
        found.classes,
        found.n_test,
        True,
        "",
        found.n_train,
        found.names,
        found.labels,
        found.untrainable,
        found.notes,
        found.eps,
    )


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


@singledispatch
def _fingerprint(part: ModelSpec | DataSpec) -> str:
    raise LabError(f"There are no weights for {part!r}.")


@_fingerprint.register
def _(part: DataSpec) -> str:
    return datafiles.fingerprint(part)


@_fingerprint.register
def _(part: Trained) -> str:
    weights = find_card(part.name).weights
    if weights is None:
        raise LabError(f"There are no weights for {part!r}.")
    return datafiles.file_hash(weights)


@_fingerprint.register
def _(part: Live) -> str:
    return live_models.find(part).fingerprint()


@_fingerprint.register
def _(spec: Custom) -> str:
    """Over a user's weights and the code that the builder brings in, found without importing it."""
    weights = Path(spec.weights) if spec.weights else None
    if weights and not weights.is_file():
        raise ModelError(f"There is no file {weights} with the weights of {spec.builder}: check its path.")
    hashes = [datafiles.file_hash(weights)] if weights else []
    code = sources.fingerprint(spec.builder.partition(":")[0])
    return hashlib.sha256("\n".join([spec.builder, code, *hashes]).encode()).hexdigest()
