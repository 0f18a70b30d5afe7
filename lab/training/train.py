"""Training from recipe to folder: weights, metrics, and a card that says what the network is."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from lab import catalogue, datafiles
from lab.context import Context
from lab.data import load
from lab.errors import LabError
from lab.models import save_weights
from lab.results.run import History, Run
from lab.runs import recipe_in, run_in
from lab.runs.claim import claimed
from lab.specs import papers
from lab.specs.recipes import Recipe
from lab.specs.spec import to_dict
from lab.training.card import built_on, card_of, write_json
from lab.training.checkpointer import Checkpointer
from lab.training.folder import adding
from lab.training.loop import fit
from lab.training.measure import holdout, measure, measured_in
from lab.training.parallel import Group, joined
from lab.training.size import shortage_said
from lab.training.start import require_start

FITTING = 0.9  # share of the time that goes into fitting rather than measuring, for the progress bar


def train(recipe: Recipe, ctx: Context, folder: Path | None = None, resume: bool = False) -> Run:
    """Train and measure a network. With a folder, keep the run there; with ``resume``, carry on one that is there.

    The folder receives ``recipe.json`` first, ``metrics.jsonl``, ``checkpoints`` and ``provenance.json`` on the way,
    ``weights.safetensors``, and ``card.json`` last, so that an unfinished run is never listed as a model. Carrying on
    gives the weights that training without an interruption gives, bit for bit on the same device. A finished run that
    is carried on is returned as it is.

    Raises :class:`LabError` when nothing can be trained on the data, when the folder holds a run and ``resume`` is not
    set or the recipe another one, when it cannot be written, when memory runs out, or when training diverges;
    :class:`lab.context.Cancelled` after keeping the state.
    """
    if folder is None or run_in(folder) is None:
        require_startable(recipe)
    with joined() as group, ExitStack() as held, shortage_said(recipe):
        if folder is not None:
            group.require(lambda: _open(folder, recipe, resume, held))
            if (done := run_in(folder)) is not None:
                return done
        return _train(recipe, ctx, folder, group)


def require_startable(recipe: Recipe) -> None:
    """Refuse a recipe whose data, or the models on which it builds, are not there or do not suit it."""
    datafiles.require_trainable(recipe.data)
    _require_models(recipe)
    require_start(recipe)


def require_own(folder: Path, recipe: Recipe, resume: bool) -> None:
    """Refuse a folder that holds a run that is not to be resumed, or another recipe's."""
    known = recipe_in(folder)
    if not resume and (folder / "card.json").exists():
        raise LabError(f"There is already a finished run in {folder}: choose another name or delete that folder.")
    if not resume and known is not None:
        raise LabError(f"There is an unfinished run in {folder}: resume it with --resume, or choose another name.")
    if known is not None and known != recipe:
        raise LabError(f"The run in {folder} has another recipe: choose another name, or resume it without changes.")


def _require_models(recipe: Recipe) -> None:
    """Refuse a recipe that builds on a model which is not there."""
    known = {each.name for each in catalogue.models()}
    for name in built_on(recipe):
        if name not in known:
            raise LabError(papers.train_first(name))


def _open(folder: Path, recipe: Recipe, resume: bool, held: ExitStack) -> None:
    """Claim the folder for as long as ``held`` lasts, and say in it what is trained there."""
    held.enter_context(claimed(folder))
    require_own(folder, recipe, resume)
    if not (folder / "recipe.json").exists():
        try:
            write_json(folder / "recipe.json", to_dict(recipe))
        except OSError as error:
            held.close()
            _remove_empty(folder)
            raise LabError(
                f"Cannot start a run in {folder} ({error.strerror or error}): make room there and try again."
            ) from error


def _remove_empty(folder: Path) -> None:
    """Remove a folder in which no run has begun: only what starts with a dot, as the claim, is there."""
    if all(each.name.startswith(".") for each in folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _train(recipe: Recipe, ctx: Context, folder: Path | None, group: Group) -> Run:
    checkpointer = Checkpointer(folder, group.first, ctx)
    checkpointer.note_provenance(recipe, group.size)
    model, lines = fit(recipe, ctx.span(0, FITTING, 1), checkpointer, group)
    if not group.first:
        return Run(recipe, History.of(lines), None)
    data = load(recipe.data, ctx.silent())
    measuring = ctx.span(FITTING, 1, 1).seeded("measure")
    ball = measured_in(recipe)
    measured = measure(model, data, ball, measuring, holdout(recipe, data))
    if folder is not None:
        with adding(folder):
            save_weights(model, folder / "weights.safetensors")
            card = card_of(folder.name, recipe, measured, data, folder / "weights.safetensors")
            write_json(folder / "card.json", card | {"seconds": round(lines[-1]["seconds"], 1)})
    return Run(recipe, History.of(lines), measured)
