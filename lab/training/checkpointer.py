"""The folder of a run while it is trained: nothing of it is lost, whenever it is interrupted."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import torch

from lab import outside_json
from lab.context import Context
from lab.errors import LabError
from lab.files import write_whole
from lab.specs.recipes import Recipe
from lab.training import checkpoint
from lab.training.card import add_provenance
from lab.training.folder import adding
from lab.training.metrics import Line
from lab.training.state import TrainingState

EVERY = 10.0  # seconds between two checkpoints
AT_EPOCHS = 1.0  # seconds, for the one at an epoch's end
SPARING = 20.0  # a checkpoint takes at most one second in so many


class Checkpointer:
    """Writes the lines of metrics and the checkpoints of a run; without a ``folder`` it keeps nothing.

    A process that does not ``write`` reads the same folder: training by several machines needs one that all share.
    """

    def __init__(self, folder: Path | None = None, write: bool = True, ctx: Context = Context()) -> None:
        self._folder = folder
        self._writes = write and folder is not None
        self._ctx = ctx
        self._last = time.monotonic()
        self._cost = 0.0
        self._kept = -1
        self._lines = 0

    def restore(self, state: TrainingState) -> None:
        """Go on from the newest checkpoint that is not damaged, if there is one; what came after it is forgotten.

        Raises :class:`LabError` when there are checkpoints, but all of them are damaged.
        """
        if self._folder is None:
            return
        damaged: list[str] = []
        for path in checkpoint.newest_first(self._folder / "checkpoints"):
            try:
                tensors, record = checkpoint.read(path)
            except checkpoint.DamagedCheckpoint as error:
                damaged.append(str(error))
                continue
            state.restore(tensors, record, self._read_lines(record["lines"]))
            self._kept = state.step
            break
        if damaged and self._kept < 0:
            raise LabError(f"No checkpoint in {self._folder} is intact: remove the folder and train again.")
        for sentence in damaged:
            self._ctx.note(f"{sentence}; training resumes from the one before it, of step {state.step}.")
        self._forget_after(state)

    def note_provenance(self, recipe: Recipe, processes: int) -> None:
        """Note where and from what training begins or goes on. Raises :class:`LabError` when its data have changed."""
        if self._folder is not None and self._writes:
            with adding(self._folder):
                add_provenance(self._folder / "provenance.json", recipe, processes)

    def note_lines(self, state: TrainingState) -> None:
        """Append the lines that are new to ``metrics.jsonl``."""
        if self._writes and len(state.lines) > self._lines:
            self._append(state.lines[self._lines :])
            self._lines = len(state.lines)

    def keep_if_due(self, state: TrainingState, epoch_ends: bool) -> None:
        """Write a checkpoint when the last one is long enough ago. Nothing else depends on when that is."""
        wait = max(AT_EPOCHS if epoch_ends else EVERY, SPARING * self._cost)
        if time.monotonic() - self._last >= wait:
            self.keep(state)

    def keep(self, state: TrainingState) -> None:
        """Write a checkpoint of a good state. Raises :class:`LabError` when the disk refuses; the last one stays."""
        if not self._writes or state.step == self._kept or not _finite(state):
            return
        assert self._folder is not None
        started = time.monotonic()
        with adding(self._folder):
            _settle(self._folder / "metrics.jsonl")
            checkpoint.write(self._folder / "checkpoints", state)
        self._kept, self._last = state.step, time.monotonic()
        self._cost = self._last - started

    def _read_lines(self, count: int) -> list[Line]:
        assert self._folder is not None
        try:
            written = outside_json.read_bytes(self._folder / "metrics.jsonl").splitlines()
            lines = [outside_json.parse(each, nan=True) for each in written[:count]]
        except (OSError, ValueError):
            lines = []
        if len(lines) < count:
            self._ctx.note(f"metrics.jsonl in {self._folder} is damaged; the curves start again from here.")
            return []
        return lines

    def _forget_after(self, state: TrainingState) -> None:
        """Let the folder hold the lines and checkpoints up to the state and no later ones, which may be damaged."""
        self._lines = len(state.lines)
        if not self._writes:
            return
        assert self._folder is not None
        checkpoints = self._folder / "checkpoints"
        with adding(self._folder):
            write_whole(self._folder / "metrics.jsonl", _written(state.lines))
            good = [each for each in checkpoint.newest_first(checkpoints) if checkpoint.step_of(each) <= state.step]
            checkpoint.keep_only(checkpoints, good)

    def _append(self, lines: list[Line]) -> None:
        assert self._folder is not None
        with adding(self._folder), (self._folder / "metrics.jsonl").open("ab") as file:
            file.write(_written(lines))


def _written(lines: list[Line]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in lines).encode()


def _settle(path: Path) -> None:
    """Let the disk have a file before a checkpoint counts its lines."""
    with path.open("ab") as file:
        os.fsync(file.fileno())


def _finite(state: TrainingState) -> bool:
    return all(bool(torch.isfinite(each).all()) for each in state.model.parameters())
