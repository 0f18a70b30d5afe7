"""Adversarial examples as files: arrays, pictures, and a table that says which of them still fool the model."""

from __future__ import annotations

import io
from pathlib import PurePath

import numpy as np

from lab.reports.pictures import is_picture, png
from lab.reports.tables import csv
from lab.results.examples import Examples
from lab.specs.spec import to_json

PICTURES = "images"
"""The folder of the pictures."""

ARRAYS = ("x", "y", "x_adv", "rounded", "clean", "adversarial", "predicted", "distance", "rounded_distance", "inside")


def example_files(examples: Examples) -> dict[PurePath, bytes]:
    """The files by their paths in a folder: ``examples.npz``, ``examples.csv``, and the pictures in :data:`PICTURES`.

    The arrays are the fields of :class:`lab.results.Examples` with ``fools``, ``fools_rounded`` and, as JSON, ``spec``
    and ``ball``; nothing is pickled. There is a picture, of 8 bits, of each image that fools, its name saying the
    image, its label and what is predicted on the picture; none where images are neither grey nor in colour.
    """
    table = csv(examples.to_frame().reset_index()).encode()
    return {PurePath("examples.npz"): _npz(examples), PurePath("examples.csv"): table} | _pictures(examples)


def _npz(examples: Examples) -> bytes:
    arrays = {name: getattr(examples, name) for name in (*ARRAYS, "fools", "fools_rounded")}
    words = {"model": examples.model, "spec": to_json(examples.spec), "ball": to_json(examples.ball)}
    arrays |= {name: np.array(each) for name, each in words.items()} | {"seed": np.array(examples.seed)}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _pictures(examples: Examples) -> dict[PurePath, bytes]:
    if not is_picture(examples.rounded):
        return {}
    chosen = np.flatnonzero(examples.fools).tolist()
    return {PurePath(PICTURES, _name(examples, i)): png(examples.rounded[i] / 255) for i in chosen}


def _name(examples: Examples, i: int) -> str:
    said = examples.predicted[i]
    return f"{i:06}-label-{examples.y[i]}-{f'predicted-{said}' if said >= 0 else 'not-a-number'}.png"
