"""Options that several commands share, and what they make of a person's words."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

from lab import datafiles, downloads, pairing
from lab.catalogue import find_data, find_model, models as listed_models
from lab.cli.progress import say
from lab.context import Cancelled, Context, Progress
from lab.errors import DataError, FieldError, LabError, ModelError, SpecError, quoted
from lab.home import path_of
from lab.specs.crossing import longer_than_all
from lab.specs.data import DataSpec
from lab.specs.models import Custom, ModelSpec
from lab.specs.spec import Param, Spec, params, parse_field, parse_number

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
S = TypeVar("S", bound=Spec)


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``: print for a program."""
    parser.add_argument("--json", action="store_true", help="print one JSON value instead of text")


def add_data_folder(parser: argparse.ArgumentParser) -> None:
    """``--data-dir``: the folder of data sets, for this run."""
    parser.add_argument("--data-dir", metavar="DIR", help="folder of data sets (default: $LAB_DATA)")


def add_computation(parser: argparse.ArgumentParser) -> None:
    """Add the options of every computation: data set and its folder, fields of the spec, seed, output format."""
    parser.add_argument("--data", metavar="NAME", help="data set, .npz file or folder of images (default: digits)")
    add_size(parser)
    parser.add_argument("--download", action="store_true", help="download the data set if it is missing")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field, nested ones as in attack.steps=40; may be given again",
    )
    parser.add_argument("--seed", type=natural, help="seed of every random draw (default: 0)")
    add_data_folder(parser)
    add_json(parser)


def add_size(parser: argparse.ArgumentParser) -> None:
    """``--size`` and ``--labels``: how a folder of images is read."""
    parser.add_argument(
        "--size",
        type=positive,
        metavar="N",
        help="scale the images of a folder to N×N pixels (default: the model's size, else their own, at most 224)",
    )
    about = "number the class folders of a folder 'in order', or take the 'numbers' in their names as labels"
    parser.add_argument("--labels", choices=["in order", "numbers"], help=about)


def data_set(options: argparse.Namespace, name: str | None, models: Sequence[ModelSpec] = ()) -> DataSpec | None:
    """The data set of that name as ``--size`` and ``--labels`` say; a folder's images by default as a model takes them.

    None for no name. Raises :class:`DataError` when it is not there, or when these options do not go with it.
    """
    if name is None:
        if options.size is not None or options.labels is not None:
            raise DataError("--size and --labels apply to a folder of images: name it with --data.")
        return None
    spec = find_data(name, options.size, options.labels)
    if options.size is None and (size := _size_of(models)):
        with suppress(DataError):  # which is no folder
            return datafiles.scaled(spec, size, None)
    return spec


def _size_of(models: Sequence[ModelSpec]) -> int | None:
    """Height and width of the images that the first of these models takes whose images are known to be squares."""
    shapes = {card.spec: card.shape for card in listed_models()}
    return next((size for each in models if (size := _side(shapes.get(each)) or _library_size(each))), None)


def _side(shape: tuple[int, int, int] | None) -> int | None:
    return shape[1] if shape and shape[1] == shape[2] else None


def _library_size(model: ModelSpec) -> int | None:
    """The size that timm or torchvision names for a model of theirs; only then are they imported."""
    if not isinstance(model, Custom) or not model.library:
        return None
    from lab.models.libraries import blueprint

    return blueprint(model.builder).size


def add_models(
    parser: argparse.ArgumentParser,
    meaning: str = "a model, package.module:function, timm:NAME or torchvision:NAME; may be given again",
) -> None:
    """``--model NAME``, and for each that is named by its builder ``--weights FILE`` and ``--name NAME``."""
    parser.add_argument("--model", action="append", default=[], metavar="NAME", help=meaning)
    about = "weights of a built model; given again: one for each in their order, or several of a single one"
    parser.add_argument("--weights", action="append", default=[], metavar="FILE", help=about)
    parser.add_argument(
        "--name", action="append", default=[], help="display name of a built model; given like --weights"
    )


class Once(argparse.Action):
    """Action of options with a value, which may be given only once, and not empty, as from an unset variable."""

    def __call__(self, _: object, namespace: argparse.Namespace, values: object, option: str | None = None) -> None:
        if option is not None and values == "":
            raise argparse.ArgumentError(self, "the value is empty: give one, or leave the option out")
        given = vars(namespace).setdefault("_given", set())
        if option is not None and self.dest in given:
            raise argparse.ArgumentError(self, "given more than once: give it one value")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def download(data: DataSpec, show: Callable[[Progress], None], cancelled: Callable[[], bool] = lambda: False) -> None:
    """Fetch a published data set unless it is there.

    Raises ``KeyboardInterrupt``, after a sentence, when that is interrupted.
    """
    try:
        downloads.download(data, Context(on_progress=show, cancelled=cancelled))
    except (Cancelled, KeyboardInterrupt):
        say("The download was interrupted: what has arrived is kept, and the same command goes on from there.")
        raise KeyboardInterrupt from None


def natural(text: str) -> int:
    """A whole number from 0 on."""
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def positive(text: str) -> int:
    """A whole number from 1 on."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def number(text: str) -> float:
    """A number as a person types it, 0.3 or 8/255."""
    try:
        return parse_number(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"should be a number such as 0.3 or 8/255, not {quoted(text)}") from None


natural.__name__ = "whole number"  # argparse puts it into its message
positive.__name__ = "positive whole number"


def use_data_folder(folder: str | None) -> None:
    """Look for data sets in that folder, here and in every process started from here."""
    if folder is None:
        return
    path = path_of(folder)
    if not path.is_dir():
        raise DataError(f"There is no folder {path}: name the one that holds the data sets.")
    os.environ["LAB_DATA"] = str(path.resolve())


def with_settings(spec: S, settings: Sequence[str], given: Iterable[str] = ()) -> S:
    """The spec with ``field=value`` words applied in their order; ``attack.steps=40`` reaches into a field.

    One that only goes with another one may come before it. ``given`` are the fields that options of their own have set.
    Raises :class:`SpecError` when one is set twice.
    """
    known = set(given)
    wanted: dict[str, str] = {}
    for each in settings:
        path, equals, text = each.partition("=")
        if not equals:
            raise SpecError(f"'{each}' sets nothing: write --set FIELD=VALUE.")
        if path in known:
            raise SpecError(f"'{path:.80}' is set more than once: give it one value.")
        if any(other.startswith(f"{path}.") for other in known):
            raise SpecError(f"'{path:.80}' is set after one of its own fields, which would be lost: set it first.")
        known.add(path)
        wanted[path] = text
    return _with_fields(spec, wanted)


def _with_fields(spec: S, wanted: Mapping[str, str]) -> S:
    refused: dict[str, FieldError] = {}
    for path, text in wanted.items():
        try:
            spec = _with_field(spec, path.split("."), text)
        except FieldError as error:
            if any(other.startswith(f"{path}.") for other in wanted):  # set afterwards it would replace them
                raise
            refused[path] = error
    if len(refused) == len(wanted) and refused:
        raise next(iter(refused.values()))
    return _with_fields(spec, {path: wanted[path] for path in refused}) if refused else spec


def _with_field(spec: S, path: list[str], text: str) -> S:
    name, *rest = path
    if not rest:
        return spec.replace(**{name: parse_field(type(spec), name, text)})
    inner = getattr(spec, name, None)
    if not isinstance(inner, Spec):
        raise SpecError(f"{type(spec).__name__} has no field '{name}' with fields of its own.")
    return spec.replace(**{name: _with_field(inner, rest, text)})


def models(models: Sequence[str], weights: Sequence[str], names: Sequence[str]) -> tuple[ModelSpec, ...]:
    """Models by name, or built by ``package.module:function`` with its weights file and what it is called, if given.

    A single builder with several weights files makes as many models. Raises :class:`ModelError` when there are not as
    many weights files, or names, as built models, or none.
    """
    models = _repeated(models, len(weights))
    built = [each for each in models if ":" in each]
    files = [weights_file(each) for each in _for_each(built, "--weights", weights)]
    called = _for_each(built, "--name", names) if names else _stems(built, files)
    if len(set(called)) < len(list(filter(None, called))):
        raise ModelError("Two models have the same --name: give each a different one.")
    custom = iter([Custom(*each) for each in zip(built, files, called, strict=True)])
    return tuple(next(custom) if ":" in each else _listed_model(each) for each in models)


def _listed_model(name: str) -> ModelSpec:
    """The listed model of that name. A module without its function is a common slip, so the refusal says that too."""
    try:
        return find_model(name)
    except ModelError as error:
        raise ModelError(f"{error} A custom model is written package.module:function.") from None


def _repeated(models: Sequence[str], weights: int) -> list[str]:
    """The models; the only builder among them once for each file of weights."""
    alone = sum(":" in each for each in models) == 1
    return [copy for each in models for copy in [each] * (max(1, weights) if alone and ":" in each else 1)]


def _stems(builders: Sequence[str], files: Sequence[str]) -> list[str]:
    """Name models of one builder by their files, as far as these have names of their own; else empty."""
    stems = [Path(each).stem for each in files]
    alike = len(builders) > 1 and len(set(builders)) == 1
    return stems if alike and all(stems) and len(set(stems)) == len(stems) else [""] * len(builders)


def _for_each(builders: Sequence[str], option: str, values: Sequence[str]) -> Sequence[str]:
    """As many values of an option as there are builders: those given, or empty ones."""
    if not values:
        return [""] * len(builders)
    if not builders:
        raise ModelError(f"{values[0]:.80} belongs to no model: give its builder with --model package.module:function.")
    if len(values) != len(builders):
        there = "is 1 built model" if len(builders) == 1 else f"are {len(builders)} built models"
        times = "once" if len(values) == 1 else f"{len(values)} times"
        raise ModelError(f"There {there}, but {option} is given {times}: give one for each model, in their order.")
    return values


def weights_file(text: str) -> str:
    """The full path of an existing weights file; empty for none."""
    if not text:
        return ""
    path = path_of(text).resolve()
    if not path.is_file():
        raise ModelError(f"There is no weights file {path}.")
    return str(path)


def warn_of_pairs(data: DataSpec, *specs: Spec) -> None:
    """Say which of the models in these specs were trained on other data; what was asked for is done all the same."""
    for each in pairing.warnings(data, *specs):
        say(f"Warning: {each}")


def warn_of_steps(*specs: Spec) -> None:
    """Say that steps are too long for any image, as a number of grey levels is; they are taken all the same."""
    if sentence := longer_than_all(*specs):
        say(f"Warning: {sentence}")


def data_notes(data: DataSpec) -> tuple[str, ...]:
    """Return notes on the data of a number: the size of a folder's images, the meaning of labels, unread files."""
    return datafiles.outline(data).notes


def words(spec: Spec) -> str:
    """A spec as a person would write it, without the fields it does not have."""
    fields = params(spec)
    inner = ", ".join(f"{name} {_word(value, fields[name])}" for name, value in vars(spec).items() if value != "")
    return f"{type(spec).__name__} ({inner})" if inner else type(spec).__name__


def _word(value: object, about: Param) -> str:
    if isinstance(value, Spec):
        return words(value)
    if about.zero and value == 0:
        return about.zero
    return f"{value:g}" if isinstance(value, float) else str(value)


def output_file(text: str) -> Path:
    """A path to write to, whose folder exists."""
    path = path_of(text).resolve()
    if not path.parent.is_dir():
        raise LabError(f"There is no folder {path.parent} to write {path.name} into.")
    if path.is_dir():
        raise LabError(f"{path} is a folder: name a file to write.")
    return path
