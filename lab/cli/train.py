"""``train``: a recipe becomes a network of one's own, kept under ``LAB_HOME``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from lab import catalogue, datafiles, runs
from lab.cli import options as shared, sweep
from lab.cli.cluster import add_scheduler, cluster_of, train_run
from lab.cli.output import print_json
from lab.cli.pausing import pausing
from lab.cli.progress import progress_bar, say
from lab.context import Cancelled, Context
from lab.counts import counted, percent
from lab.errors import LabError, no_such
from lab.pairing import at_home
from lab.results.run import Measured, Run
from lab.specs import Recipe, TrainingRun, papers, to_dict
from lab.specs.opening import trained_on
from lab.specs.spec import family_of
from lab.specs.threat import threat

MEASURED = {
    "clean": "clean",
    "fgsm": "FGSM",
    "rfgsm": "R+FGSM",
    "step_ll": "Step-LL",
    "pgd": "PGD",
    "black_box": "black box",
    "evaluation": "quick evaluation",
}
"""What the measured accuracies of a model are called."""


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("train", help="train a model by a recipe and add it to the list of models")
    parser.add_argument("recipe", metavar="RECIPE", nargs="?", help=_named_in_help())
    parser.add_argument("--name", help="name of the model in the list of models")
    parser.add_argument("--resume", action="store_true", help="resume the run of that --name")
    sweep.add_vary(parser)
    shared.add_computation(parser)
    add_scheduler(parser)
    parser.set_defaults(run=run, computes=True)


def _named_in_help() -> str:
    """The methods and kinds of recipe; of the papers' whole trainings, which are many, where to find them."""
    whole = {each.name for each in papers.named() if each.whole}
    named = ", ".join(each for each in recipes() if each not in whole)
    return f"{named}; or a paper's whole training, such as {min(whole)}: 'python -m lab list recipes'"


def recipes() -> dict[str, Callable[..., Recipe]]:
    """Return the recipes by name: the papers' methods and whole trainings, and every kind of recipe as it is."""
    return {each.name: each.build for each in papers.named()} | {each.__name__: each for each in family_of(Recipe)}


def run(options: argparse.Namespace) -> int:
    """Train, keep, print."""
    shared.use_data_folder(options.data_dir)
    recipe = _recipe(options)
    if options.download:
        with progress_bar() as show:
            shared.download(recipe.data, show)
    if _speaks():
        shared.warn_of_steps(recipe)
        shared.warn_of_pairs(recipe.data, recipe)
        _say_notes(recipe)
    name = options.name or _usual_name(options.recipe.lower(), recipe)
    if options.vary:
        return sweep.run(sweep.variants(name, recipe, options.vary, _given(options)), options, record)
    _require_name(name, options.resume)
    result = _trained(TrainingRun(name, recipe), options)
    if result is None:
        return 130
    if _speaks():
        _print(name, runs.folder(name), result, options.json)
    return 0


def _usual_name(preset: str, recipe: Recipe) -> str:
    """The name of a run where none is given; a paper's whole training has the name by which others build on it."""
    unchanged = [each.name for each in papers.named() if each.whole and each.build() == recipe]
    return preset if preset in unchanged else f"{preset}-{datafiles.name_of(recipe.data)}-{recipe.seed}"


def _given(options: argparse.Namespace) -> set[str]:
    """The fields of the recipe that the command line gives a value."""
    fields = {"data": options.data, "seed": options.seed}
    named = {name for name, value in fields.items() if value is not None}
    return named | {each.partition("=")[0] for each in options.settings}


def _say_notes(recipe: Recipe) -> None:
    """Say how the data are read. Raises :class:`LabError` if nothing can be trained on them."""
    datafiles.require_trainable(recipe.data)
    for each in shared.data_notes(recipe.data):
        say(each)


def record(run: Run) -> dict[str, object]:
    """Return a run as plain values for ``--json``."""
    measured = run.accuracies
    return {f"{name}_accuracy": share for name, share in measured.shares().items()} | {
        "n": measured.n,
        "evaluated": measured.evaluated,
        "ball": to_dict(measured.ball),
        "loss": run.history.loss.tolist(),
        "seconds": round(float(run.history.seconds[-1]), 3),
    }


def words(measured: Measured) -> str:
    """A run's accuracies for a person."""
    accuracies = ", ".join(f"{MEASURED[name]} {percent(value, 1)}" for name, value in measured.shares().items())
    about = f"accuracy {accuracies} on {counted(measured.n, 'test image')}, {threat(measured.ball)}"
    return about + (f"; the evaluation on the first {measured.evaluated}" if measured.evaluated else "")


def _trained(run: TrainingRun, options: argparse.Namespace) -> Run | None:
    """The finished run; None after a sentence when it was paused."""
    if "RANK" in os.environ:  # torchrun has placed the processes
        options.scheduler = None
    with cluster_of(options) as cluster, pausing() as stopped, progress_bar() as show:
        tell = say if _speaks() else _silently
        ctx = Context(on_progress=show, on_note=tell, cancelled=stopped)
        try:
            return train_run(run, ctx, cluster, options.resume)
        except Cancelled:
            tell(f"Paused: resume it with 'python -m lab train --resume --name {run.name}'.")
            return None


def _speaks() -> bool:
    """Return whether this process is the one of those that ``torchrun`` started which speaks."""
    return os.environ.get("RANK", "0") == "0"


def _silently(_: str) -> None:
    pass


def _print(name: str, folder: Path, result: Run, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "folder": str(folder), "recipe": to_dict(result.recipe)} | record(result))
    else:
        print(f"{name}: {words(result.accuracies)}; kept in {folder}")


def _recipe(options: argparse.Namespace) -> Recipe:
    """The recipe that the options describe; that of the run which is carried on when they name none."""
    if options.recipe is None:
        return _known_recipe(options)
    known = recipes()
    name = {each.lower(): each for each in known}.get(options.recipe.lower())
    if name is None:
        raise LabError(no_such("recipe", options.recipe, known))
    data = shared.data_set(options, options.data)
    changes = {name: value for name, value in {"data": data, "seed": options.seed}.items() if value is not None}
    recipe = known[name]()
    if data:
        openings = datafiles.opening(recipe.data), datafiles.opening(data)
        recipe = trained_on(at_home(recipe, data), *openings)
    return shared.with_settings(recipe.replace(**changes), options.settings, changes)


def _known_recipe(options: argparse.Namespace) -> Recipe:
    if not options.resume or not options.name:
        raise LabError("Name a recipe ('python -m lab list recipes'), or a run to resume: --resume --name NAME.")
    changed = (options.data, options.size, options.labels, options.seed)
    if options.settings or options.vary or any(each is not None for each in changed):
        raise LabError("A run is resumed with its own recipe: leave --data, --size, --seed, --set and --vary out.")
    _require_name(options.name, resume=True)

    recipe = runs.recipe_in(runs.folder(options.name))
    if recipe is None:
        raise LabError(f"There is no run called '{options.name}' among yours: start it with a RECIPE.")
    return recipe


def _require_name(name: str, resume: bool) -> None:
    """Refuse a name that a model has; a run to be carried on may have it."""
    taken = [each.name.casefold() for each in catalogue.models() if not (resume and each.origin == "run")]
    if name.casefold() in taken:
        raise LabError(f"There is already a model called '{name}': choose another name with --name.")
