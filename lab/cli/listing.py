"""``list``: what there is to choose from."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from lab import catalogue
from lab.cli.options import Commands, add_data_folder, add_json, use_data_folder
from lab.cli.tables import percent, table
from lab.cli.train import PRESETS
from lab.specs import Architecture, AttackSpec, Recipe, Spec, to_dict
from lab.specs.analyses import Analysis
from lab.specs.spec import Param, default_of, family_of, params

FAMILIES: dict[str, type[Spec]] = {
    "attacks": AttackSpec,
    "networks": Architecture,
    "recipes": Recipe,
    "analyses": Analysis,
}


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("list", help="list data, models, attacks, networks, recipes or analyses")
    parser.add_argument("what", choices=["data", "models", *FAMILIES], help="what to list")
    add_json(parser)
    add_data_folder(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    use_data_folder(options.data_dir)
    records, text = _LISTS.get(options.what, lambda: _specs(FAMILIES[options.what]))()
    print(json.dumps(records, ensure_ascii=False) if options.json else text)
    return 0


def _data() -> tuple[list[dict[str, Any]], str]:
    cards = catalogue.data_sets()
    records = [asdict(each) | {"spec": to_dict(each.spec)} for each in cards]
    rows = [
        (each.name, _size(each.shape), _known(each.classes), _known(each.n_test), each.note or "ready")
        for each in cards
    ]
    return records, table(rows, ("data", "shape", "classes", "test images", ""))


def _models() -> tuple[list[dict[str, Any]], str]:
    for sentence in catalogue.problems():
        print(sentence, file=sys.stderr)
    cards = catalogue.models()
    records = [_model_record(each) for each in cards]
    rows = [(each.name, each.origin, each.data or "?", _size(each.shape), _accuracies(each.measured)) for each in cards]
    return records, table(rows, ("model", "origin", "data", "shape", "measured accuracy"))


_LISTS = {"data": _data, "models": _models}


def _model_record(card: catalogue.ModelCard) -> dict[str, Any]:
    plain = {each.name: getattr(card, each.name) for each in fields(card)}
    architecture = to_dict(card.architecture) if card.architecture else None
    return plain | {
        "spec": to_dict(card.spec),
        "architecture": architecture,
        "weights": str(card.weights) if card.weights else None,
    }


def _specs(family: type[Spec]) -> tuple[list[dict[str, Any]], str]:
    named: dict[str, Callable[[], Spec]] = {each.__name__: each for each in family_of(family)}
    if family is Recipe:
        named |= PRESETS
    records = [{"name": name, "about": _about(make), "fields": _fields(make())} for name, make in named.items()]
    return records, "\n\n".join(_described(name, make) for name, make in named.items())


def _fields(spec: Spec) -> list[dict[str, Any]]:
    defaults = to_dict(spec)
    return [{"name": name, "default": defaults[name]} | asdict(about) for name, about in params(spec).items()]


def _described(name: str, make: Callable[[], Spec]) -> str:
    spec = make()
    rows = [
        (f"  {field}", _short(getattr(spec, field)), _range(about), about.meaning)
        for field, about in params(spec).items()
    ]
    fields_of = [table(rows, ("  field", "default", "range", "meaning"))] if rows else []
    return "\n".join([f"{name}: {_about(make)}", *fields_of])


def _range(about: Param) -> str:
    if about.choices:
        return " or ".join(about.choices)
    return "" if about.low is None else f"{_short(about.low)} to {_short(about.high)}"


def _about(made: Callable[[], Spec]) -> str:
    return (inspect.getdoc(made) or "").partition("\n")[0]


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_short, value)) if len(value) < 8 else f"{len(value)} values"
    if isinstance(value, Spec):
        return _brief(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _brief(spec: Spec) -> str:
    """A spec with the fields that are not at their defaults."""
    changed = [f"{name} {_short(value)}" for name, value in vars(spec).items() if value != default_of(type(spec), name)]
    return f"{type(spec).__name__} ({', '.join(changed)})" if changed else type(spec).__name__


def _accuracies(measured: dict[str, float]) -> str:
    return ", ".join(f"{name} {percent(value)}" for name, value in measured.items())


def _size(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else "?"


def _known(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
