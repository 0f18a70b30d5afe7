"""Hostile files: data sets, weights, stored results and records of runs, damaged in every way that :mod:`damage` has.

Nothing may block, take longer than :data:`PATIENCE`, or end in anything but a sentence; and no file may take down the
list that it stands in.
"""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from torch import nn

from lab import catalogue, datafiles, runs
from lab.data import load
from lab.errors import LONGEST, LabError
from lab.models import load as load_model
from lab.results import AttackResult
from lab.specs import CIFAR10, MNIST, PGD, Custom, ImageFolder, Linf, NpzFile, SmallCNN, Standard, to_dict
from lab.store import Store
from tests.data.published_files import cifar_files, mnist_files, put
from tests.fuzz import damage
from tests.fuzz.limit import limited
from tests.fuzz.report import Report, examine

PATIENCE = 10.0  # seconds of the processor's time for one case
_KEY = "0123456789abcdef0123456789abcdef"
_PICTURES = {
    "train/a": ("a.png", "b.jpg", "c.gif", "d.tif"),
    "train/b": ("e.bmp", "f.webp", "g.ppm", "h.ico"),
    "test/a": ("i.tga", "j.jp2", "k.qoi", "l.pcx", "m.sgi", "n.dds"),
}


class Late(BaseException):
    """A case takes too long; no handler of an :class:`Exception` takes this for its own."""


@dataclass(frozen=True)
class Target:
    """Sound files that ``make`` writes into a folder, and what ``ask`` makes of them once one is damaged."""

    make: Callable[[Path], None]
    ask: Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """A damage done to one file of a target; ``seed`` decides which file and where."""

    target: str
    damage: str
    seed: int


def tiny() -> nn.Module:
    """A model whose weights are damaged."""
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3), nn.BatchNorm1d(3))


def make_npz(folder: Path, **more: np.ndarray) -> None:
    """One .npz file, beside one that stays sound."""
    x, y = np.arange(96, dtype=np.uint8).reshape(6, 4, 4), np.arange(6) % 3
    np.savez(folder / "x.npz", x_train=x, y_train=y, x_test=x / 255, y_test=y)
    np.savez_compressed(folder / ".sound.npz", x_test=x, y_test=y)


def ask_npz(folder: Path) -> None:
    """List the data sets with the damaged one among them, then read it."""
    shutil.copy(folder / ".sound.npz", folder / "sound.npz")
    cards = {each.name: each for each in catalogue.data_sets()}
    assert cards["digits"].available, "the digits are not listed"
    assert cards["sound"].available, "the sound data set is not listed"
    assert all(len(each.note) <= LONGEST for each in cards.values()), "a note is too long"
    for path in sorted(folder.glob("[!s]*.npz")):
        spec = NpzFile(str(path))
        datafiles.outline(spec)
        _sound(load(spec).test.x)


def make_pictures(folder: Path) -> None:
    """Images of many formats in two classes."""
    levels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    for place, names in _PICTURES.items():
        (folder / place).mkdir(parents=True)
        for name in names:
            Image.fromarray(levels).save(folder / place / name)
    Image.fromarray(levels).save(folder / "train/b/z.png", exif=_orientation(6))
    Image.fromarray((levels[..., 0] * 257.0).astype(np.uint16)).save(folder / "train/a/z.tif")
    Image.fromarray((levels[..., 0] / 255).astype(np.float32)).save(folder / "train/b/z.tif")
    Image.fromarray(levels).quantize(4).save(folder / "test/a/z.png", transparency=1)


def ask_pictures(folder: Path) -> None:
    """Look through the folder, then read it."""
    datafiles.natural_size(folder)
    spec = ImageFolder(str(folder), size=8)
    datafiles.outline(spec)
    _sound(load(spec).test.x)


def make_published(folder: Path) -> None:
    """MNIST and CIFAR-10 in small files of their authors' form."""
    put(folder / "MNIST" / "raw", mnist_files())
    put(folder / "cifar-10-batches-bin", cifar_files())


def ask_published(folder: Path) -> None:
    """Read both."""
    for spec in (MNIST(), CIFAR10()):
        datafiles.outline(spec)
        _sound(load(spec).test.x)


def make_safetensors(folder: Path) -> None:
    """Weights as safetensors."""
    safetensors.torch.save_file(tiny().state_dict(), folder / "w.safetensors")


def make_pt(folder: Path) -> None:
    """Weights as PyTorch saves them, bare and inside a checkpoint."""
    torch.save(tiny().state_dict(), folder / "w.pt")


def ask_weights(folder: Path) -> None:
    """Load the model with each file, damaged or not."""
    for path in sorted(folder.iterdir()):
        model = load_model(Custom("tests.fuzz.files:tiny", str(path)))
        model(torch.zeros(2, 1, 4, 4))


def make_store(folder: Path) -> None:
    """One stored result."""
    y = np.arange(5)
    Store(folder).write(_KEY, AttackResult(y, y, y, np.linspace(0, 1, 5), np.zeros(5), 0.3))


def ask_store(folder: Path) -> None:
    """Read it, and write another in its place."""
    found = Store(folder).read(_KEY)
    assert found is None or isinstance(found, AttackResult), "it is another result"


def make_runs(folder: Path) -> None:
    """A finished run with all its records, beside one that stays sound."""
    for name in ("mine", ".sound"):
        place = folder / "home" / "runs" / name
        place.mkdir(parents=True)
        recipe = Standard(epochs=2)
        card = {"name": name, "recipe": to_dict(recipe), "architecture": to_dict(SmallCNN(width=8)), "data": "digits"}
        card |= {"shape": [1, 28, 28], "classes": 10, "sha256": "0" * 64, "measured_images": 9, "measured_source": ""}
        card |= {"measured": {"clean": 0.9, "fgsm": 0.5, "pgd": 0.1}, "measured_ball": to_dict(Linf(0.1))}
        card |= {"measured_attack": to_dict(PGD())}
        lines = [{"epoch": epoch, "seconds": 1.5 * epoch, "loss": 1 / epoch, "step": epoch} for epoch in (1, 2)]
        records = {"recipe": to_dict(recipe), "card": card, "begun": {"created": "2026-11-28T10:00:00+00:00"}}
        for each, record in (records | {"failed": {"error": "no room"}}).items():
            (place / f"{each}.json").write_text(json.dumps(record))
        (place / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        (place / "weights.safetensors").write_bytes(b"weights")


def ask_runs(folder: Path) -> None:
    """List the runs and models, then read the damaged run."""
    (folder / "home/runs/.sound").rename(folder / "home/runs/sound")
    cards, problems = runs.runs(), [*runs.problems(), *catalogue.problems()]
    assert "sound" in [each.name for each in cards], "the sound run is not listed"
    assert "sound" in [each.name for each in catalogue.models()], "the sound model is not listed"
    assert all(len(each) <= LONGEST for each in problems), "a sentence is too long"
    runs.run_in(folder / "home/runs/mine")
    if problems:
        raise LabError(problems[0])


TARGETS = {
    "npz": Target(make_npz, ask_npz),
    "pictures": Target(make_pictures, ask_pictures),
    "published": Target(make_published, ask_published),
    "safetensors": Target(make_safetensors, ask_weights),
    "pt": Target(make_pt, ask_weights),
    "store": Target(make_store, ask_store),
    "runs": Target(make_runs, ask_runs),
}


def cases(seed: int, count: int) -> Iterator[Case]:
    """Every target in turn, first with every damage once, then with damages at random."""
    rng = random.Random(seed)
    damages = sorted({each.__name__ for each in (*damage.CONTENT, *damage.KIND)})
    every = [Case(target, each, rng.randrange(2**32)) for each in damages for target in TARGETS]
    rng.shuffle(every)
    names = [each.__name__ for each in damage.CONTENT] * 2 + [each.__name__ for each in damage.KIND]
    for i in range(count):
        yield every[i] if i < len(every) else Case(rng.choice(list(TARGETS)), rng.choice(names), rng.randrange(2**32))


def attempt(case: Case, home: Path) -> object:
    """Write the target's files, damage one of them, and ask."""
    with tempfile.TemporaryDirectory(dir=home) as name, _lab_in(Path(name)) as folder:
        target, rng = TARGETS[case.target], random.Random(case.seed)
        target.make(folder)
        hidden = {path for path in folder.rglob("*") if any(part.startswith(".") for part in path.parts[-2:])}
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path not in hidden)
        getattr(damage, case.damage)(rng, rng.choice(files))
        return _within(PATIENCE, partial(target.ask, folder))


def fuzz(seed: int, count: int) -> Report:
    """Try ``count`` damaged files."""
    with tempfile.TemporaryDirectory() as home:
        return examine(cases(seed, count), partial(attempt, home=Path(home)))


def _sound(x: torch.Tensor) -> None:
    values = x.float() / 255 if x.dtype == torch.uint8 else x
    assert x.dim() == 4, "they are no images"
    assert bool(((values >= 0) & (values <= 1)).all()), "they lie outside [0, 1]"


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


@contextmanager
def _lab_in(folder: Path) -> Iterator[Path]:
    """``LAB_DATA`` and ``LAB_HOME`` in that folder, for a while."""
    known = {name: os.environ.pop(name, None) for name in ("LAB_DATA", "LAB_HOME", "LAB_OWN_DATA", "LAB_OWN_MODELS")}
    os.environ |= {"LAB_DATA": str(folder), "LAB_HOME": str(folder / "home")}
    try:
        yield folder
    finally:
        for name, value in known.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _within(seconds: float, ask: Callable[[], object]) -> object:
    """What ``ask`` returns. Raises ``TimeoutError`` when it takes longer."""

    def late(*_: object) -> None:
        raise Late

    try:
        with limited(seconds, late):
            return ask()
    except Late:
        raise TimeoutError(f"it takes longer than {seconds:g} s") from None
