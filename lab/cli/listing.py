"""``list``: what there is to choose from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict, fields

from lab import catalogue
from lab.cli.options import Commands, add_data_folder, add_json, use_data_folder
from lab.cli.output import print_json
from lab.cli.tables import table
from lab.cli.train import MEASURED, recipes
from lab.counts import percent
from lab.downloads import offer_of
from lab.specs import Architecture, AttackSpec, Recipe, Spec, papers, to_dict
from lab.specs.analyses import Analysis
from lab.specs.spec import Param, default_of, family_of, params, presets
from lab.specs.summary import summary
from lab.specs.threat import threat

FAMILIES: dict[str, type[Spec]] = {
    "attacks": AttackSpec,
    "networks": Architecture,
    "recipes": Recipe,
    "analyses": Analysis,
}


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "list", help="list data, models, attacks, networks (architectures), recipes or analyses"
    )
    parser.add_argument("what", choices=["data", "models", *FAMILIES], help="what to list")
    add_json(parser)
    add_data_folder(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    use_data_folder(options.data_dir)
    records, text = _LISTS.get(options.what, lambda: _specs(FAMILIES[options.what]))()
    if options.json:
        print_json(records)
    else:
        print(text)
    return 0


def _data() -> tuple[list[dict[str, object]], str]:
    for sentence in catalogue.data_problems():
        print(sentence, file=sys.stderr)
    cards = catalogue.data_sets()
    records = [asdict(each) | {"spec": to_dict(each.spec), "download": _download(each)} for each in cards]
    rows = [
        (each.name, _size(each.shape), *map(_known, (each.classes, each.n_train, each.n_test)), _remarks(each))
        for each in cards
    ]
    return records, table(rows, ("data", "shape", "classes", "training images", "test images", ""))


def _download(card: catalogue.DataCard) -> dict[str, object] | None:
    """What can be downloaded of a data set that is not here: bytes, host, folder."""
    offer = offer_of(card.spec)
    return {"bytes": offer.size, "host": offer.host, "folder": str(offer.folder)} if offer else None


def _remarks(card: catalogue.DataCard) -> str:
    if card.note:
        offer = offer_of(card.spec)
        return f"not here; data fetch {card.name} downloads {offer.words.partition(', ')[2]}" if offer else card.note
    return " · ".join(["ready" if card.n_train else "ready, for tests only", *card.notes])


def _models() -> tuple[list[dict[str, object]], str]:
    for sentence in catalogue.problems():
        print(sentence, file=sys.stderr)
    cards = _by_data(catalogue.models())
    records = [_model_record(each) for each in cards]
    rows = [(each.name, each.origin, each.data or "?", _size(each.shape), _accuracies(each)) for each in cards]
    return records, table(rows, ("model", "origin", "data", "shape", "measured accuracy"))


def _by_data(cards: list[catalogue.ModelCard]) -> list[catalogue.ModelCard]:
    """The same cards, those of a data set together."""
    data = list(dict.fromkeys(each.data for each in cards))
    return sorted(cards, key=lambda each: data.index(each.data))


def _recipes() -> tuple[list[dict[str, object]], str]:
    """The methods and the kinds of recipe with their fields, then the papers' whole trainings with what they set."""
    whole = {each.name: each for each in papers.named() if each.whole}
    methods: dict[str, Callable[[], Spec]] = {each.__name__: each for each in family_of(Recipe)}
    methods |= {name: make for name, make in recipes().items() if name not in whole}
    records = [_record(name, make) | {"group": METHOD} for name, make in methods.items()]
    records += [
        _record(name, each.build) | {"group": WHOLE, "paper": each.paper, "spec": to_dict(each.build())}
        for name, each in whole.items()
    ]
    lines = [f"{each.name}: {each.meaning} {each.paper}.\n  {_settings(each.build())}" for each in whole.values()]
    return records, "\n\n".join((_METHODS, *map(_described, methods, methods.values()), _WHOLE, *lines))


def _settings(recipe: Recipe) -> str:
    """The main settings of a recipe, then those of the others that are not at their defaults."""
    changed = [name for name, value in vars(recipe).items() if value != default_of(type(recipe), name)]
    shown = [*_MAIN, *(name for name in changed if name not in _MAIN)]
    return f"{type(recipe).__name__}: " + ", ".join(
        f"{name.replace('_', ' ')} {_short(getattr(recipe, name))}" for name in shown
    )


METHOD, WHOLE = "a method on your data", "a paper's whole training"
"""The two groups of recipes."""

_METHODS = "METHODS ON YOUR DATA, with the data, architecture and length that you choose"
_WHOLE = "WHOLE TRAININGS OF THE PAPERS, which need the papers' data sets"
_MAIN = ("data", "architecture", "epochs", "batch", "optimiser")

_LISTS = {"data": _data, "models": _models, "recipes": _recipes}


def _model_record(card: catalogue.ModelCard) -> dict[str, object]:
    plain = {each.name: getattr(card, each.name) for each in fields(card)}
    architecture = to_dict(card.architecture) if card.architecture else None
    return plain | {
        "spec": to_dict(card.spec),
        "architecture": architecture,
        "ball": to_dict(card.ball) if card.ball else None,
        "weights": str(card.weights) if card.weights else None,
    }


def _specs(family: type[Spec]) -> tuple[list[dict[str, object]], str]:
    named: dict[str, Callable[[], Spec]] = {each.__name__: each for each in family_of(family)}
    records = [_record(name, make) for name, make in named.items()]
    return records, "\n\n".join(_described(name, make) for name, make in named.items())


def _record(name: str, make: Callable[[], Spec]) -> dict[str, object]:
    return {"name": name, "about": summary(make), "fields": _fields(make()), "presets": _presets(type(make()))}


def _presets(kind: type[Spec]) -> list[dict[str, object]]:
    return [{"name": name, "about": summary(make), "spec": to_dict(make())} for name, make in presets(kind).items()]


def _fields(spec: Spec) -> list[dict[str, object]]:
    defaults = to_dict(spec)
    return [{"name": name, "default": defaults[name]} | _limits(about) for name, about in params(spec).items()]


def _limits(about: Param) -> dict[str, object]:
    """All about a field but what only pages need."""
    return {each: value for each, value in asdict(about).items() if each not in ("label", "brief")}


def _described(name: str, make: Callable[[], Spec]) -> str:
    spec = make()
    rows = [
        (f"  {field}", default_text(getattr(spec, field), about), range_text(about), about.meaning)
        for field, about in params(spec).items()
    ]
    fields_of = [table(rows, ("  field", "default", "range", "meaning"))] if rows else []
    named = [f"  {preset}: {summary(build)}" for preset, build in presets(type(spec)).items()]
    return "\n".join([f"{name}: {summary(make)}", *fields_of, *named])


def default_text(value: object, about: Param) -> str:
    """Return a field's default as lists show it."""
    return f"0 ({about.zero})" if about.zero and value == 0 else _short(value)


def range_text(about: Param) -> str:
    """Return the choices or limits of a field; empty where it has none."""
    if about.choices:
        return " or ".join(about.choices)
    return "" if about.low is None else f"{_short(about.low)} to {_short(about.high)}"


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_short, value)) if len(value) < 8 else f"{len(value)} values"
    if isinstance(value, Spec):
        return _brief(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _brief(spec: Spec) -> str:
    """A spec with the fields that are not at their defaults."""
    changed = [f"{name} {_short(value)}" for name, value in vars(spec).items() if value != default_of(type(spec), name)]
    return f"{type(spec).__name__} ({', '.join(changed)})" if changed else type(spec).__name__


def _accuracies(card: catalogue.ModelCard) -> str:
    listed = ", ".join(f"{MEASURED.get(name, name)} {percent(value, 1)}" for name, value in card.measured.items())
    return f"{threat(card.ball)}: {listed}" if card.ball and listed else listed


def _size(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else "?"


def _known(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
