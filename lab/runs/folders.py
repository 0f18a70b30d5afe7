"""Training runs as folders: begun, paused, carried on, discarded, and found again. Reads and writes JSON only.

A run is the folder ``$LAB_HOME/runs/NAME/``, the same for everybody whom the server serves. Training leaves there
``recipe.json``, ``metrics.jsonl``, its checkpoints and, at the end, ``weights.safetensors`` and ``card.json``. Here are
added ``begun.json`` (when; a page may discard it), ``visitor`` and ``address`` (who began it, and from where),
``paused`` (it is not to be computed now) and ``failed.json`` (why it could not go on).
"""

import hashlib
import json
import math
import re
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from lab import catalogue, outside_json
from lab.errors import LONGEST, LabError, SpecError, Unknown, fault_of, one_line, quoted
from lab.files import publish, write_first, write_whole
from lab.home import runs_folder
from lab.limits import require_modest, require_room
from lab.results.run import History, Measured, Run
from lab.runs.claim import is_claimed
from lab.specs.attacks import PGD
from lab.specs.balls import Ball
from lab.specs.recipes import Recipe
from lab.specs.runs import TrainingRun
from lab.specs.spec import from_dict, to_dict

RunState = Literal["waiting", "running", "elsewhere", "paused", "failed", "finished"]
"""``waiting`` and ``running`` are with the engine; ``elsewhere`` is trained by another program, as the command line."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_RECIPE, _METRICS, _CARD = "recipe.json", "metrics.jsonl", "card.json"
_BEGUN, _VISITOR, _ADDRESS, _PAUSED, _FAILED = "begun.json", "visitor", "address", "paused", "failed.json"


@dataclass(frozen=True)
class RunCard:
    """Facts about a run that are known without reading its weights.

    ``fraction`` of the epochs are done and took ``seconds``; ``measured`` are the accuracies of a finished run, as
    fractions, by attack; ``created`` is when its folder was made, ``error`` why it failed. ``ours`` says whether it was
    begun by the engine, so that a page may discard it; ``visitor`` and ``address`` are the
    signatures of who began it and of the network address he came from, if these are known.
    """

    name: str
    recipe: Recipe
    state: RunState
    fraction: float
    seconds: float
    created: datetime
    measured: dict[str, float] = field(default_factory=dict)
    error: str = ""
    ours: bool = False
    visitor: str = ""
    address: str = ""

    @property
    def seconds_left(self) -> float | None:
        """The time still needed at the pace so far, in seconds; None while that cannot be told."""
        if self.state not in ("running", "elsewhere") or self.fraction <= 0:
            return None
        return self.seconds * max(0.0, 1 / self.fraction - 1)


def runs(underway: Mapping[str, bool] | None = None) -> list[RunCard]:
    """Every run, the newest first; ``underway`` says which are with the engine, and whether it has begun with them."""
    cards = [each for each in _found(underway or {}) if isinstance(each, RunCard)]
    return sorted(cards, key=lambda card: card.created, reverse=True)


def problems() -> list[str]:
    """A sentence for each folder that should be a run and cannot be read."""
    return [each for each in _found({}) if isinstance(each, str)]


def folder(name: str) -> Path:
    """The folder of a run. Raises :class:`LabError` when that cannot be a run's name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.endswith("."):
        raise LabError(
            f"{quoted(name, 80)} cannot be the name of a run: use up to 64 letters, digits, dots, hyphens and "
            "underscores, the first a letter, digit or underscore and the last no dot."
        )
    return runs_folder() / name


def begin(spec: TrainingRun, limited: bool = True) -> None:
    """Make the run's folder, or find it as it was left; a pause and a failure are over.

    The limits of this place hold unless the run is that of who owns it.

    Raises :class:`LabError` when the name cannot be one or is taken, when the recipe asks for more than this place
    allows, or when there are too many runs or too little room on the disk.
    """
    place = folder(spec.name)
    if not place.exists():
        _require_free_name(spec.name)
        catalogue.fingerprints(spec.recipe)  # says it now when a network or data set of the recipe is not there
        if limited:
            require_modest(spec.recipe)
        require_room(len(_found({})))
        _make(place, spec.recipe)
    _require_same(place, spec.recipe)
    for each in (_PAUSED, _FAILED):
        (place / each).unlink(missing_ok=True)


def sign(name: str, visitor: str, address: str = "") -> None:
    """Note in a run's folder who began it, and from which network address, unless that stands there already."""
    with suppress(FileNotFoundError):
        if address:
            write_first(folder(name) / _ADDRESS, signature(address))
        write_first(folder(name) / _VISITOR, signature(visitor))


def signature(visitor: str) -> str:
    """Return a visitor's mark on a folder, from which nobody who reads it can impersonate the visitor."""
    return hashlib.sha256(visitor.encode()).hexdigest()


def wanted(name: str) -> bool:
    """Return whether the run is there and not paused. Asked after every step of training."""
    place = runs_folder() / name
    return not (place / _PAUSED).exists() and (place / _RECIPE).exists()


def pause(name: str) -> None:
    """Have the run stop at its next step, whoever computes it; its checkpoint stays."""
    place = folder(name)
    with suppress(FileNotFoundError):  # discarded by somebody else in the meantime
        (place / _PAUSED).touch()


def fail(name: str, sentence: str) -> None:
    """Note in the run's folder why it could not go on."""
    with suppress(OSError):  # a full disk may be what failed
        write_whole(folder(name) / _FAILED, json.dumps({"error": sentence}))


def discard(name: str) -> None:
    """Delete the run with its network. Raises :class:`LabError` when it was not begun by the engine."""
    place = folder(name)
    if not place.exists():
        return
    if not (place / _BEGUN).is_file():
        raise LabError(f"The run '{name}' was started elsewhere: only its owner can delete {place}.")
    away = place.with_name(f".discarded-{uuid.uuid4().hex}")  # a folder that vanishes piece by piece would look damaged
    with suppress(FileNotFoundError):  # somebody else was faster
        try:
            place.rename(away)
        except OSError as error:  # Windows moves no folder of which somebody has a file open
            if isinstance(error, FileNotFoundError):
                raise
            raise LabError(f"The run '{name}' cannot be discarded yet ({error.strerror}): pause it first.") from None
        shutil.rmtree(away, ignore_errors=True)


def finished(spec: TrainingRun) -> Run | None:
    """Return the result of the run, from its folder; None while it is not finished.

    Raises :class:`LabError` when the run of that name has another recipe, or its card is damaged.
    """
    found = run_in(folder(spec.name))
    if found is not None:
        _require_same(folder(spec.name), spec.recipe)
    return found


def run_in(place: Path) -> Run | None:
    """The run whose card is in the folder; None while it is not finished. Raises :class:`LabError` when damaged."""
    recipe = recipe_in(place) if (place / _CARD).exists() else None
    return Run(recipe, history(place / _METRICS), _measured(place / _CARD)) if recipe else None


def recipe_in(place: Path) -> Recipe | None:
    """The recipe of the run in a folder, None when there is none. Raises :class:`LabError` when it is damaged."""
    try:
        return _recipe(place)
    except FileNotFoundError:
        return None
    except SpecError as error:
        raise Unknown(_newer(place, error)) from error
    except (OSError, ValueError, LabError) as error:
        raise LabError(
            f"{place} cannot be read as a run ({fault_of(error)}): fix or delete that folder, or choose another name."
        ) from error


def history(path: Path) -> History:
    """The course that a file of metrics tells so far; a line that is not completely written is left out."""
    try:
        found = path.stat()
    except OSError:
        return History.of([])
    return _history(path, found.st_size, found.st_mtime_ns)


def metrics(name: str) -> Path:
    """The file of a run's metrics."""
    return folder(name) / _METRICS


def free_name(name: str) -> str:
    """The name, or the first of name-2, name-3, … that no model and no run has."""
    taken = _taken()
    names = (name, *(f"{name}-{i}" for i in range(2, len(taken) + 3)))
    return next(each for each in names if each.casefold() not in taken)


def _found(underway: Mapping[str, bool]) -> list[RunCard | str]:
    if not runs_folder().is_dir():
        return []
    places = sorted(runs_folder().iterdir())
    return [_card(each, underway) for each in places if each.is_dir() and not each.name.startswith(".")]


def _card(place: Path, underway: Mapping[str, bool]) -> RunCard | str:
    try:
        folder(place.name)
        recipe = _recipe(place)
        visitor, address = _signed(place / _VISITOR), _signed(place / _ADDRESS)
        begun = outside_json.read(place / _BEGUN) if (place / _BEGUN).exists() else None
        made = _time(begun["created"]) if begun is not None else _changed(place / _RECIPE)
        course = history(place / _METRICS)
        card = outside_json.read(place / _CARD) if (place / _CARD).exists() else None
        shares = {} if card is None else card["measured"]
        measured = {name: outside_json.number(value, 0, 1) for name, value in shares.items()}
        state = _state(place, underway.get(place.name))
        why = one_line(str(outside_json.read(place / _FAILED)["error"]), LONGEST) if state == "failed" else ""
    except SpecError as error:
        return _newer(place, error)
    except (OSError, LabError, ValueError, KeyError, TypeError, AttributeError) as error:
        return one_line(f"{place} cannot be read as a run ({fault_of(error)}): fix or delete that folder.", LONGEST)
    done = float(course.epoch[-1]) / recipe.epochs if len(course.epoch) else 0.0
    seconds = float(np.nan_to_num(course.seconds[-1])) if len(course.seconds) else 0.0
    by = begun is not None, visitor, address
    return RunCard(place.name, recipe, state, min(done, 1.0), seconds, made, measured, why, *by)


def _signed(path: Path) -> str:
    return outside_json.read_bytes(path).decode() if path.exists() else ""


def _time(text: str) -> datetime:
    """A moment as ``begun.json`` holds it. Raises ``ValueError`` for one in which no run can have begun."""
    found = datetime.fromisoformat(text)
    if not 1970 < found.year < 3000:
        raise ValueError(f"{text} is not a valid time of a run")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _state(place: Path, begun: bool | None) -> RunState:
    """``begun`` is None for a run that is not with the engine, else whether the engine has begun with it."""
    if (place / _CARD).exists():
        return "finished"
    if begun:
        return "running"  # also until it has noticed that it is paused
    if begun is not None and not (place / _PAUSED).exists():
        return "waiting"
    if is_claimed(place):
        return "elsewhere"
    return "failed" if (place / _FAILED).exists() else "paused"


@lru_cache(maxsize=256)
def _history(path: Path, _size: int, _mtime_ns: int) -> History:
    try:
        lines = outside_json.read_bytes(path).splitlines()
    except (OSError, outside_json.JsonError):
        return History.of([])
    return History.of([found for line in lines if (found := _line(line)) is not None])


def _line(text: bytes) -> dict[str, float] | None:
    """The metrics of a line; None when it is no line of a run's, or not written to its end."""
    try:
        line = outside_json.parse(text, nan=True)
    except outside_json.JsonError:
        return None
    if not isinstance(line, dict):
        return None
    found = {name: float(line[name]) for name in History.names() if isinstance(line.get(name), int | float)}
    when = found.get("epoch", math.nan), found.get("seconds", 0.0)
    return found if all(0 <= each < math.inf for each in when) else None


def _measured(path: Path) -> Measured:
    try:
        card = outside_json.read(path)
        found = {name: outside_json.number(value, 0, 1) for name, value in card["measured"].items()}
        ball, attack = from_dict(card["measured_ball"]), from_dict(card["measured_attack"])
        if not isinstance(ball, Ball) or not isinstance(attack, PGD) or not {"clean", "fgsm", "pgd"} <= set(found):
            raise ValueError("it does not say what was measured")
        n, source = int(outside_json.number(card["measured_images"], 1, 1e9)), str(card.get("measured_source", ""))
        evaluated = int(outside_json.number(card.get("measured_evaluated", 0), 0, 1e9))
        return Measured(
            clean=found["clean"],
            fgsm=found["fgsm"],
            rfgsm=found.get("rfgsm"),
            step_ll=found.get("step_ll"),
            pgd=found["pgd"],
            black_box=found.get("black_box"),
            n=n,
            ball=ball,
            attack=attack,
            source=source,
            evaluation=found.get("evaluation"),
            evaluated=evaluated,
        )
    except SpecError as error:
        raise Unknown(_newer(path, error)) from error
    except (OSError, LabError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{path} is damaged ({error}): train it again under another name.") from None


def _recipe(place: Path) -> Recipe:
    found = (place / _RECIPE).stat()
    return _read_recipe(place / _RECIPE, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=1024)
def _read_recipe(path: Path, _size: int, _mtime_ns: int) -> Recipe:
    found = from_dict(outside_json.read(path))
    if not isinstance(found, Recipe):
        raise LabError(f"{_RECIPE} holds no recipe")
    return found


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _make(place: Path, recipe: Recipe) -> None:
    """The folder with its recipe, at once: of two who begin the same name, one makes it and the other finds it."""
    draft = place.with_name(f".begun-{uuid.uuid4().hex}")
    try:
        draft.mkdir(parents=True)
        write_whole(draft / _RECIPE, json.dumps(to_dict(recipe), indent=2, ensure_ascii=False) + "\n")
        write_whole(draft / _BEGUN, json.dumps({"created": datetime.now(UTC).isoformat()}))
        try:
            publish(draft, place)
        except OSError:
            if not place.exists():  # else somebody else was faster
                raise
    except OSError as error:
        raise LabError(f"Cannot start a run in {place.parent} ({error.strerror}): make room there.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _taken() -> set[str]:
    """The names of models and runs; a file system may not tell capitals from small letters."""
    folders = {each.name for each in runs_folder().iterdir()} if runs_folder().is_dir() else set()
    return {each.casefold() for each in folders | {each.name for each in catalogue.models()}}


def _require_free_name(name: str) -> None:
    if name.casefold() in _taken():
        raise LabError(f"There is already a model called '{name}': choose another name.")


def _require_same(place: Path, recipe: Recipe) -> None:
    if recipe_in(place) != recipe:
        raise LabError(f"There is already a run called '{place.name}' with another recipe: choose another name.")


def _newer(path: Path, error: SpecError) -> str:
    """Word the refusal of a record that is intact, but of a kind unknown here. It is nobody's to delete."""
    return (
        f"{path} cannot be read as a run ({fault_of(error):.120}): a newer lab has made it, or it was changed by hand. "
        "Use that lab for it, or choose another name."
    )
