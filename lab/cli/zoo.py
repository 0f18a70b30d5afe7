"""``zoo``: train the models that ship with the lab again from their recipes."""

from __future__ import annotations

import argparse

from lab.cli.options import Commands, add_json
from lab.cli.output import print_json
from lab.cli.progress import progress_bar
from lab.cli.train import record, words
from lab.context import Context
from lab.errors import ModelError


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("zoo", help="retrain the shipped models from their recipes")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    add_json(parser)
    parser.set_defaults(run=run, computes=True)


def run(options: argparse.Namespace) -> int:
    """Train and replace them, then print their accuracies."""
    from lab.training.zoo import RECIPES, train_zoo

    for name in options.names:
        if name not in RECIPES:
            raise ModelError(f"The zoo has no model called '{name}'; it has {', '.join(RECIPES)}.")
    with progress_bar() as show:
        runs = train_zoo(Context(on_progress=show), tuple(options.names) or tuple(RECIPES))
    if options.json:
        print_json({name: record(each) for name, each in runs.items()})
    else:
        print("\n".join(f"{name}: {words(each.accuracies)}" for name, each in runs.items()))
    return 0
