"""What decides a result besides its spec: weights, data and code, each found without PyTorch."""

import ast
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache, singledispatch
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lab import datafiles, plugins, sources
from lab.catalogue import live_models
from lab.catalogue.data_cards import named_data
from lab.catalogue.model_cards import find_card, models
from lab.errors import LabError, ModelError, quoted
from lab.specs.data import DataSpec, without_drawing
from lab.specs.models import Custom, Live, ModelSpec, Trained
from lab.specs.spec import Spec, to_json

_COMPUTING_NOTHING = frozenset(
    {
        "__main__",
        "browser",
        "claims",
        "cli",
        "doctor",
        "engine",
        "exhibits",
        "glossary",
        "processes",
        "quiet",
        "reports",
        "server",
        "stories",
    }
)
_PACKAGES = ("numpy", "pillow", "safetensors", "scikit-learn", "scipy", "torch", "torchvision")


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


def content(part: ModelSpec | DataSpec) -> str:
    """Return a hash over the files of a model or data set: equal on two machines that have the same one.

    Unlike its fingerprint it leaves out the environment and the installed packages of a custom model, which may differ
    from one process to the next. Raises :class:`LabError` when it is not there.
    """
    if not isinstance(part, Custom):
        return _fingerprint(part)
    modules = sources.files([part.builder.partition(":")[0]])
    hashes = [f"{name} {datafiles.file_hash(path)}" for name, path in sorted(modules.items())]
    return hashlib.sha256("\n".join([part.builder, *hashes, *_weights_hash(part)]).encode()).hexdigest()


def require_listed(spec: Spec) -> None:
    """Refuse a spec from outside that names a model or data set which the lists do not offer.

    An own network's builder is code, and a path is a file: only the command line and Python may name new ones. A
    drawing is neither. Raises :class:`LabError`.
    """
    offered = {each.spec for each in models()} | set(named_data().values())
    for part in parts(spec):
        if (without_drawing(part) if isinstance(part, DataSpec) else part) not in offered:
            name = getattr(part, "name", type(part).__name__)
            raise LabError(f"{quoted(name)} is not among the models and data sets of this lab.")


@lru_cache(maxsize=1)
def implementation() -> str:
    """The implementation's version: a hash over our sources and the versions of the packages that compute with them.

    All sources count but those of the parts that only ask and show. The device and the number of threads do not: they
    decide about last bits, and one question should have one result, whoever computes it.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
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
    root = Path(__file__).parents[1]
    found = {path: path.relative_to(root).parts[0].removesuffix(".py") for path in root.rglob("*.py")}
    return sorted(path for path, part in found.items() if part not in _COMPUTING_NOTHING)


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
    hashes = _weights_hash(spec)
    code = sources.fingerprint(spec.builder.partition(":")[0])
    return hashlib.sha256("\n".join([spec.builder, code, *hashes]).encode()).hexdigest()


def _weights_hash(spec: Custom) -> list[str]:
    """The hash of a custom model's weights; none where it has no file of them."""
    weights = Path(spec.weights) if spec.weights else None
    if weights and not weights.is_file():
        raise ModelError(f"There is no file {weights} with the weights of {spec.builder}: check its path.")
    return [datafiles.file_hash(weights)] if weights else []
