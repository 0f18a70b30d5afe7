"""Keys of results: the names under which they are asked for, and those under which they are stored.

Whoever asks need not have PyTorch, and cannot know what a user's model is until its builder has run. So its results
are stored, and looked for, under a second key, which who computes makes of the first one and the loaded models.
"""

from lab import catalogue, datafiles
from lab.specs.data import DataSpec
from lab.specs.models import Custom, Live
from lab.specs.spec import Spec, key


def asked_key(spec: Spec) -> str:
    """The name of the spec's result for who asks. Raises :class:`LabError` when a model or data set is not there."""
    return key(spec, *catalogue.fingerprints(spec))


def stored_key(spec: Spec, asked: str) -> str | None:
    """The name under which the result asked for under that key is stored; None for a live model's, which is not.

    It differs when the spec names users' models, which are loaded for it. Raises :class:`lab.errors.Unrepeatable` when
    such a result must not be stored, and :class:`lab.errors.ModelError` when a model cannot be loaded.
    """
    if any(isinstance(part, Live) for part in catalogue.parts(spec)):
        return None  # its code may be anywhere, as in a cell of a notebook that was changed since
    if not names_users_models(spec):
        return asked
    from lab.models.load import identity, logits_hash_of

    parts = list(catalogue.parts(spec))
    models = [each for each in parts if isinstance(each, Custom)]
    shapes = [datafiles.outline(each).shape for each in parts if isinstance(each, DataSpec)]
    logits = (logits_hash_of(each, shape) for each in models for shape in shapes)
    return key(spec, asked, *map(identity, models), *logits)


def left_out(spec: Spec) -> list[str]:
    """Sentences on what was left out of the files of users' weights, which are loaded for it, one for each."""
    if not names_users_models(spec):
        return []
    from lab.models.load import left_out_of

    return list(filter(None, (left_out_of(each) for each in catalogue.parts(spec) if isinstance(each, Custom))))


def names_users_models(spec: Spec) -> bool:
    """Return whether a model of the user's takes part, so that only loading it tells what the result is of."""
    return any(isinstance(part, Custom) for part in catalogue.parts(spec))
