"""Results computed beforehand: all of them, once, and never before what somebody waits for."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.engine import Engine, compute_ahead
from lab.home import results_folder
from lab.store import Store
from tests.engine.slow_analysis import Slow, held, let_go
from tests.engine.test_engine import begun
from tests.waiting import PATIENCE, until


def stored(engine: Engine, spec: Slow) -> bool:
    return Store(results_folder()).read(engine.key(spec)) is not None


def test_what_the_store_has_is_not_computed_and_a_failure_is_a_sentence(engine: Engine, tmp_path: Path, caplog) -> None:
    good = Slow(steps=2, diary=str(tmp_path / "good"))
    bad = good.replace(diary=str(tmp_path / "bad"), fault="mendable")
    with caplog.at_level(logging.WARNING, "lab.engine"):
        compute_ahead(engine, [bad, good, good])
        compute_ahead(engine, [good])
    assert (begun(good), stored(engine, good), stored(engine, bad)) == (1, True, False)
    assert [each.getMessage() for each in caplog.records] == [
        "Slow was not computed beforehand. "
        "The images in 'x.npz' have the wrong shape: give them as (n, channels, height, width)."
    ]


@pytest.fixture
def visitor(connection: Path) -> Iterator[Engine]:
    """The engine of a page that somebody has open."""
    with Engine.connect(connection) as found:
        yield found


def test_whoever_waits_goes_first(engine: Engine, visitor: Engine, tmp_path: Path) -> None:
    early = held(Slow(diary=str(tmp_path / "early")))
    asked = held(Slow(diary=str(tmp_path / "asked")))
    thread = threading.Thread(target=compute_ahead, args=(engine, [early]))
    thread.start()
    until(lambda: begun(early) == 1)
    job = visitor.submit(asked)
    until(lambda: not engine._computations)  # given up
    assert (begun(early), stored(engine, early)) == (1, False)
    let_go(early)
    let_go(asked)
    job.wait(PATIENCE)
    thread.join(PATIENCE)
    assert (begun(early), stored(engine, early)) == (2, True)


def test_what_a_visitor_waits_for_too_is_not_given_up(engine: Engine, visitor: Engine, tmp_path: Path) -> None:
    same = held(Slow(diary=str(tmp_path / "same")))
    thread = threading.Thread(target=compute_ahead, args=(engine, [same]))
    thread.start()
    until(lambda: begun(same) == 1)
    job = visitor.submit(same)
    let_go(same)
    job.wait(PATIENCE)
    thread.join(PATIENCE)
    assert begun(same) == 1
