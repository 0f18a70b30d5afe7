"""Results computed before anybody asks for them, by an engine that has nothing else to do."""

import logging
import time
from collections.abc import Iterable

from lab.engine.engine import Engine
from lab.errors import LabError
from lab.specs import Spec

logger = logging.getLogger("lab.engine")

_GLANCE = 0.2  # seconds until it is noticed that somebody asked for something
_LULL = 1.0  # seconds without a wish after which the engine is taken to be free


def compute_ahead(engine: Engine, specs: Iterable[Spec]) -> None:
    """See that the store has every spec's result, computing one after the other what it does not have.

    Whoever else asks the engine for anything goes first: what is being computed here is given up and begun again when
    the engine is quiet, unless it is the same. Trainings are no reason to wait, because they take hours. A computation
    that fails is a sentence in the log.
    """
    for spec in specs:
        try:
            while not _computed(engine, spec):
                _until_quiet(engine)
        except LabError as error:
            logger.warning("%s was not computed beforehand. %s", type(spec).__name__, error)


def _computed(engine: Engine, spec: Spec) -> bool:
    """Compute the result, if the store does not have it; False when it gave way to somebody."""
    job = engine.submit(spec)
    try:
        while True:
            try:
                job.wait(_GLANCE)
                return True
            except TimeoutError:
                if engine.serves_others():
                    return False
    finally:
        job.cancel()


def _until_quiet(engine: Engine) -> None:
    """Wait until nobody has asked for anything for a moment: who drags a slider asks ten times a second."""
    last = time.monotonic()
    while time.monotonic() < last + _LULL:
        time.sleep(_GLANCE)
        if engine.serves_others():
            last = time.monotonic()
