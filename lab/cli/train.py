"""``train``: a recipe becomes a network of one's own, kept under ``LAB_HOME``."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from typing import Any

from lab import catalogue, datafiles
from lab.cli import options as shared
from lab.cli.progress import progress_bar
from lab.cli.tables import percent
from lab.context import Context
from lab.errors import LabError
from lab.home import runs_folder
from lab.results.run import Measured, Run
from lab.specs import Recipe, fgsm_training, pgd_training, to_dict
from lab.specs.spec import family_of, spec_named

PRESETS: dict[str, Callable[..., Recipe]] = {"fgsm-training": fgsm_training, "pgd-training": pgd_training}


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("train", help="train a network by a recipe and keep it among the models")
    names = [each.__name__ for each in family_of(Recipe)]
    parser.add_argument("recipe", metavar="RECIPE", help=", ".join([*names, *PRESETS]))
    parser.add_argument("--data", metavar="NAME", help="data set, .npz file or image folder (default: digits)")
    parser.add_argument("--name", help="what the network is called in the list of models")
    parser.add_argument("--seed", type=shared.natural, help="seed of weights, order and starts (default: 0)")
    shared.add_set(parser)
    shared.add_download(parser)
    shared.add_data_folder(parser)
    shared.add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, keep, print."""
    shared.use_data_folder(options.data_dir)
    recipe = _recipe(options)
    name = _free_name(options.name or f"{options.recipe.lower()}-{datafiles.name_of(recipe.data)}-{recipe.seed}")
    folder = runs_folder() / name
    folder.mkdir(parents=True, exist_ok=True)  # before the work, so that a folder that cannot be made is said at once

    from lab.training import train

    with progress_bar() as show:
        if options.download:
            shared.download(recipe.data, show)
        result = train(recipe, Context(on_progress=show), folder)
    if options.json:
        print(json.dumps({"name": name, "folder": str(folder), "recipe": to_dict(recipe)} | record(result)))
    else:
        print(f"{name}: {words(result.accuracies)}; kept in {folder}")
    return 0


def record(run: Run) -> dict[str, Any]:
    """What a program wants to know of a run."""
    measured = run.accuracies
    return {
        "clean_accuracy": measured.clean,
        "fgsm_accuracy": measured.fgsm,
        "pgd_accuracy": measured.pgd,
        "n": measured.n,
        "ball": to_dict(measured.ball),
        "loss": run.history.loss.tolist(),
        "seconds": round(float(run.history.seconds[-1]), 3),
    }


def words(measured: Measured) -> str:
    """A run's accuracies for a person."""
    shares = {"clean": measured.clean, "FGSM": measured.fgsm, "PGD": measured.pgd}
    accuracies = ", ".join(f"{name} {percent(value)}" for name, value in shares.items())
    return f"accuracy {accuracies} on {measured.n} test images, {shared.words(measured.ball)}"


def _recipe(options: argparse.Namespace) -> Recipe:
    start = PRESETS.get(options.recipe.lower()) or spec_named(Recipe, options.recipe)
    given = {"data": catalogue.find_data(options.data) if options.data else None, "seed": options.seed}
    changes = {name: value for name, value in given.items() if value is not None}
    return shared.with_settings(start().replace(**changes), options.settings)


def _free_name(name: str) -> str:
    """A name that no model has yet and that can be a folder's."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise LabError(f"'{name}' cannot be the name of a model: use letters, digits, dots, hyphens and underscores.")
    if name in (each.name for each in catalogue.models()):
        raise LabError(f"There is already a model called '{name}': choose another name with --name.")
    return name
