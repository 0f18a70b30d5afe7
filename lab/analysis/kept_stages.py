"""Finished parts of an evaluation in the store, so that one that was interrupted resumes where it was."""

from contextlib import suppress
from dataclasses import dataclass

from lab.errors import LabError, Unrepeatable
from lab.home import results_folder
from lab.keys import asked_key, stored_key
from lab.results.evaluation import StageBlock
from lab.specs.evaluation import Evaluation
from lab.specs.models import ModelSpec
from lab.specs.spec import key
from lab.store import Store


@dataclass(frozen=True)
class KeptStages:
    """Blocks of stages in a store, under a name made of the request, the model's identity and the stage."""

    store: Store
    spec: Evaluation
    request: str

    def read(self, name: str) -> StageBlock | None:
        """The block of that name; None when there is none that is intact."""
        with suppress(LabError):
            found = self.store.read(self._key(name))
            return found if isinstance(found, StageBlock) else None
        return None

    def write(self, name: str, block: StageBlock) -> None:
        """Keep a block under that name; where there is no room it is computed again next time."""
        with suppress(LabError):
            self.store.write(self._key(name), block)

    def _key(self, name: str) -> str:
        return key(self.spec, self.request, name)


def kept_stages(spec: Evaluation, model: ModelSpec) -> KeptStages | None:
    """Return the folder of a model's finished stages; None for a live one, and for one that differs at each build."""
    alone = spec.replace(models=(model,))
    try:
        request = stored_key(alone, asked_key(alone))
    except Unrepeatable:
        return None
    return None if request is None else KeptStages(Store(results_folder()), alone, request)
