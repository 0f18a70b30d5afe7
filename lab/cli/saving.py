"""``--save``: adversarial examples as arrays and pictures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lab.cli.answers import warn
from lab.cli.progress import say
from lab.errors import LabError
from lab.files import write_whole
from lab.home import path_of
from lab.reports.escaping import file_names
from lab.reports.examples import PICTURES, example_files
from lab.results import EvaluationResult, Examples, SingleAttackResult

if TYPE_CHECKING:
    import torch


def add_save(parser: argparse.ArgumentParser) -> None:
    """``--save DIR``: the adversarial examples."""
    about = "also write the adversarial examples, a folder for each model: .npz, .csv, and 8-bit .png"
    parser.add_argument("--save", metavar="DIR", help=about)


def save_folder(options: argparse.Namespace) -> Path | None:
    """The folder of ``--save``, which is made; None without. Raises :class:`LabError` where it is a file."""
    if options.save is None:
        return None
    folder = path_of(options.save)
    if folder.exists() and not folder.is_dir():
        raise LabError(f"{folder} is not a folder: name one with --save for the adversarial examples.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save_evaluations(folder: Path, results: Sequence[EvaluationResult]) -> None:
    """Write the adversarial examples of evaluations, one model each."""
    save(folder, [found for each in results if (found := examples_of(each)) is not None])


def examples_of(result: EvaluationResult) -> Examples | None:
    """The adversarial examples of an evaluation of one model; None, and a warning, where it kept none for their size.

    An image that no attack broke, or that needed none, stands there as it is.
    """
    from lab.attacks import examples
    from lab.models import load

    spec, [found] = result.spec, result.models
    broken = np.flatnonzero(found.broken_by >= 0)
    if len(found.x_adv) < len(broken):
        warn(f"The adversarial examples of {found.model} took too much room to be kept: evaluate fewer --images.")
        return None
    x, y = images_of(result)
    x_adv = _with(x, broken, found.x_adv)
    return examples(load(spec.models[0]), x, y, x_adv, spec.ball, name=found.model, spec=spec, seed=spec.seed)


def examples_made(found: SingleAttackResult, name: str) -> Examples:
    """The adversarial examples that one attack made of a model, which is called ``name``."""
    import torch

    from lab.attacks import examples
    from lab.data import load as load_data
    from lab.models import load

    spec, test, index = found.spec, load_data(found.spec.data).test, range(len(found.x_adv))
    x, y, x_adv = test.images(index), test.labels(index), torch.from_numpy(found.x_adv)
    model = load(spec.models[0])
    return examples(model, x, y, x_adv, spec.ball, name=name, spec=spec.attack, seed=spec.seed)


def images_of(result: EvaluationResult) -> tuple[torch.Tensor, torch.Tensor]:
    """The images and labels that an evaluation of one model saw."""
    from lab.data import load

    test, [found] = load(result.spec.data).test, result.models
    index = list(range(found.n))
    return test.images(index), test.labels(index)


def save(folder: Path, found: Sequence[Examples]) -> None:
    """Write adversarial examples, a folder for each model, and say what becomes of them in 8 bits."""
    for name, each in zip(file_names([each.model for each in found]), found, strict=True):
        place = folder / name
        (place / PICTURES).mkdir(parents=True, exist_ok=True)
        for stale in (place / PICTURES).glob("??????-label-*.png"):
            stale.unlink()
        for path, content in example_files(each).items():
            write_whole(place / path, content)
        fools, still = int(each.fools.sum()), int(each.fools_rounded.sum())
        say(f"{place}: {fools:,} adversarial examples of {each.model}, {still:,} of which fool it in 8 bits, too.")


def _with(x: torch.Tensor, broken: np.ndarray, x_adv: np.ndarray) -> torch.Tensor:
    """The images with their adversarial examples in the place of those that an attack broke."""
    import torch

    found = x.float().clone()
    found[torch.from_numpy(broken)] = torch.from_numpy(x_adv)
    return found
