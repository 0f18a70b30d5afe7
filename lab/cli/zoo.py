"""``zoo``: train the models that ship with the lab again from their recipes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from lab import catalogue
from lab.cli.options import Commands, add_json
from lab.cli.output import print_json
from lab.cli.progress import progress_bar, say
from lab.cli.train import record, words
from lab.context import Context
from lab.errors import ModelError


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("zoo", help="retrain the shipped models from their recipes")
    about = "only these models, or those of these data sets (default: all whose data are here)"
    parser.add_argument("names", nargs="*", metavar="NAME", help=about)
    add_json(parser)
    parser.set_defaults(run=run, computes=True)


def run(options: argparse.Namespace) -> int:
    """Train and replace them, then print their accuracies."""
    from lab.training.zoo import train_zoo

    names = asked(options.names)
    with progress_bar() as show:
        runs = train_zoo(Context(on_progress=show), names)
    if options.json:
        print_json({name: record(each) for name, each in runs.items()})
    else:
        print("\n".join(f"{name}: {words(each.accuracies)}" for name, each in runs.items()))
    return 0


def asked(names: Sequence[str]) -> tuple[str, ...]:
    """The models to train, in the order of training."""
    from lab.training.zoo import RECIPES

    data = {name: catalogue.data_card(recipe.data) for name, recipe in RECIPES.items()}
    known = dict.fromkeys((*(card.name for card in data.values()), *RECIPES))
    for name in names:
        if name not in known:
            raise ModelError(f"The zoo has no model called '{name}'; it has {', '.join(known)}.")
    if names:
        return tuple(name for name, card in data.items() if name in names or card.name in names)
    if absent := dict.fromkeys(card.name for card in data.values() if not card.available):
        say(f"The models of {', '.join(absent)} are left out: these data are not here.")
    return tuple(name for name, card in data.items() if card.available)
