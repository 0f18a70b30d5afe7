"""Options that several commands share, and what they make of a person's words."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lab.catalogue import find_model
from lab.context import Context, Progress
from lab.errors import DataError, LabError, ModelError, SpecError
from lab.specs.data import DataSpec
from lab.specs.models import Custom, ModelSpec
from lab.specs.spec import Spec, parse_field

Commands = Any  # argparse names the type of its list of commands only privately
S = TypeVar("S", bound=Spec)


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``: print for a program."""
    parser.add_argument("--json", action="store_true", help="print one JSON value instead of words")


def add_data_folder(parser: argparse.ArgumentParser) -> None:
    """``--data-dir``: the folder of data sets, for this run."""
    parser.add_argument("--data-dir", metavar="DIR", help="folder of data sets (default: $LAB_DATA)")


def add_computation(parser: argparse.ArgumentParser) -> None:
    """What every computation takes: the data set, where it lies, the fields of the spec, the seed, and how to print."""
    parser.add_argument("--data", metavar="NAME", help="data set, .npz file or image folder (default: digits)")
    parser.add_argument("--download", action="store_true", help="fetch the data set if it is not there")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="set a field, also one inside another as in attack.steps=40; may be given again",
    )
    parser.add_argument("--seed", type=natural, help="where every random draw starts (default: 0)")
    add_data_folder(parser)
    add_json(parser)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """``--weights FILE``: those of a model that is named by its builder."""
    parser.add_argument("--weights", action="append", default=[], metavar="FILE", help="weights of a built model")


def download(data: DataSpec, show: Callable[[Progress], None]) -> None:
    """Fetch a published data set unless it is there."""
    from lab.data.download import download

    download(data, Context(on_progress=show))


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


natural.__name__ = "whole number"  # argparse puts it into its message
positive.__name__ = "positive whole number"


def use_data_folder(folder: str | None) -> None:
    """Look for data sets in that folder, here and in every process started from here."""
    if folder is None:
        return
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise DataError(f"There is no folder {path}: name the one that holds the data sets.")
    os.environ["LAB_DATA"] = str(path.resolve())


def with_settings(spec: S, settings: Sequence[str]) -> S:
    """The spec with ``field=value`` words applied in their order; ``attack.steps=40`` reaches into a field."""
    for each in settings:
        path, equals, text = each.partition("=")
        if not equals:
            raise SpecError(f"'{each}' sets nothing: write --set FIELD=VALUE.")
        spec = _with_field(spec, path.split("."), text)
    return spec


def _with_field(spec: S, path: list[str], text: str) -> S:
    name, *rest = path
    if not rest:
        return spec.replace(**{name: parse_field(type(spec), name, text)})
    inner = getattr(spec, name, None)
    if not isinstance(inner, Spec):
        raise SpecError(f"{type(spec).__name__} has no field '{name}' with fields of its own.")
    return spec.replace(**{name: _with_field(inner, rest, text)})


def models(names: Sequence[str], weights: Sequence[str]) -> tuple[ModelSpec, ...]:
    """Models by name, or built by ``package.module:function``; each builder takes the next weights file, if any."""
    files = list(weights)
    found = tuple(_custom(each, files) if ":" in each else find_model(each) for each in names)
    if files:
        raise ModelError(f"{files[0]} belongs to no model: give --weights with a --model package.module:function.")
    return found


def _custom(builder: str, files: list[str]) -> Custom:
    return Custom(builder, weights_file(files.pop(0)) if files else "")


def weights_file(text: str) -> str:
    """The full path of an existing weights file."""
    path = Path(text).expanduser().resolve()
    if not path.is_file():
        raise ModelError(f"There is no weights file {path}.")
    return str(path)


def words(spec: Spec) -> str:
    """A spec as a person would write it, without the fields it does not have."""
    inner = ", ".join(f"{name} {_word(value)}" for name, value in vars(spec).items())
    return f"{type(spec).__name__} ({inner})" if inner else type(spec).__name__


def _word(value: object) -> str:
    if isinstance(value, Spec):
        return words(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def output_file(text: str) -> Path:
    """A path to write to, whose folder exists."""
    path = Path(text).expanduser()
    if not path.resolve().parent.is_dir():
        raise LabError(f"There is no folder {path.resolve().parent} to write {path.name} into.")
    return path
