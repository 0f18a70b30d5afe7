"""The result of an analysis, from the store if it was ever computed before, on a page or here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lab.cli import options as shared
from lab.cli.progress import say
from lab.context import Context, Progress
from lab.errors import LabError, Unknown, Unrepeatable
from lab.home import results_folder
from lab.keys import asked_key, stored_key
from lab.results import Result
from lab.specs import Analysis, ModelSpec
from lab.specs.spec import params
from lab.store import DamagedResult, Store


def _never() -> bool:
    return False


def warn(sentence: str) -> None:
    """Say a warning on stderr."""
    say(f"Warning: {sentence}")


def answer(
    spec: Analysis,
    show: Callable[[Progress], None],
    download: bool = False,
    cancelled: Callable[[], bool] = _never,
    note: Callable[[str], None] = warn,
    doing: str = "",
) -> Result:
    """Read or compute the result of a spec, and keep it unless its model is another one each time it is built.

    ``note`` says what the computation has to say, ``doing`` what is computed, beside its progress. Raises
    :class:`lab.context.Cancelled` after an interruption.
    """
    if download and "data" in params(spec):
        shared.download(spec.data, show, cancelled)  # type: ignore[attr-defined]
    store, name = Store(results_folder()), _key(spec)
    found = _stored(store, name) if name else None
    if found is None:
        from lab.analysis import analyse

        told = Context(on_progress=show, on_note=note, cancelled=cancelled, doing=doing)
        ctx = replace(told, seed=getattr(spec, "seed", 0))
        found = analyse(spec, ctx)
        if name is not None:
            _keep(store, name, spec, found)
    return found


def require_loadable(models: Sequence[ModelSpec]) -> None:
    """Say that one of several models cannot be loaded before anything is computed of another."""
    if len(models) > 1:
        from lab.models import load

        for each in models:
            load(each)


def _key(spec: Analysis) -> str | None:
    """The name of the result in the store; None, and a word why, when it must not be stored."""
    try:
        return stored_key(spec, asked_key(spec))
    except Unrepeatable as why:
        warn(str(why))
        return None


def _stored(store: Store, name: str) -> Result | None:
    try:
        return store.read(name)
    except (DamagedResult, Unknown) as error:
        warn(str(error))
        return None


def _keep(store: Store, name: str, spec: Analysis, result: Result) -> None:
    """Store the result, if no model has changed meanwhile. When that fails, who asked gets it all the same."""
    try:
        if name == _key(spec):
            store.write(name, result)
    except LabError as error:
        warn(str(error))
