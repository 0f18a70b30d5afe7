"""The result of an analysis, from the store if it was ever computed before, on a page or here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lab.cli import options as shared
from lab.cli.cluster import Cluster
from lab.cli.progress import say
from lab.context import Context, Progress
from lab.errors import LabError, Unknown, Unrepeatable
from lab.home import results_folder
from lab.keys import asked_key, left_out, names_users_models, stored_key
from lab.limits import require_memory
from lab.memory import free_memory
from lab.results import Result, SingleAttackResult
from lab.specs import Analysis, ModelSpec, SingleAttack
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
    cluster: Cluster | None = None,
) -> Result:
    """Read or compute the result of a spec, and keep it unless its model is another one each time it is built.

    ``note`` says what the computation has to say, ``doing`` what is computed, beside its progress. It is computed here,
    or by the workers of a ``cluster``. Raises :class:`lab.context.Cancelled` after an interruption.
    """
    if download and "data" in params(spec):
        shared.download(spec.data, show, cancelled)  # type: ignore[attr-defined]
    told = Context(on_progress=show, on_note=note, cancelled=cancelled, doing=doing)
    if cluster is not None:
        return cluster.compute(spec, told)
    if names_users_models(spec):
        _require_memory(spec)  # their logits of images of the data's shape decide the key
    store, name = Store(results_folder()), _key(spec)
    for sentence in left_out(spec):
        note(sentence)
    found = _stored(store, name) if name else None
    if found is None:
        from lab.analysis import analyse

        _require_memory(spec)
        found = analyse(spec, replace(told, seed=getattr(spec, "seed", 0)))
        if name is not None:
            _keep(store, name, spec, found)
    return found


def attacked(spec: SingleAttack, ctx: Context, cluster: Cluster | None) -> SingleAttackResult:
    """The result of one attack, computed here and now, or by the workers of a cluster, which store it."""
    if cluster is not None:
        found = cluster.compute(spec, ctx)
    else:
        from lab.analysis import analyse

        _require_memory(spec)
        found = analyse(spec, ctx)
        for sentence in left_out(spec):
            warn(sentence)
    assert isinstance(found, SingleAttackResult)
    return found


def require_loadable(models: Sequence[ModelSpec], cluster: Cluster | None = None) -> None:
    """Say that one of several models cannot be loaded before anything is computed of another, unless a worker does."""
    if len(models) > 1 and cluster is None:
        from lab.models import load

        for each in models:
            load(each)


def _require_memory(spec: Analysis) -> None:
    """Refuse what needs more memory than this process can have. Raises :class:`LabError` with both numbers."""
    import torch

    require_memory(spec, torch.get_num_threads(), free_memory())


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
