"""What a server's owner is told of the engine's jobs."""

import asyncio
import json
from pathlib import Path

from lab.engine import Engine
from lab.engine.ledger import Work, work_of
from tests.engine.slow_analysis import Slow, held, let_go
from tests.waiting import PATIENCE, until


def told(connection: Path) -> Work:
    work = asyncio.run(work_of(str(connection), PATIENCE))
    assert work is not None
    return work


def test_jobs_are_counted_while_they_are_computed_and_by_how_they_end(
    engine: Engine, connection: Path, tmp_path: Path
) -> None:
    engine.training()  # which brings the scheduler its ledger
    before = told(connection)
    spec = held(Slow(steps=2, pause=0.0, diary=str(tmp_path / "diary"), cost=10**6))
    job = engine.submit(spec)
    until(lambda: job.progress)
    during = told(connection)
    assert during["computing"]["short"] == before["computing"]["short"] + 1
    let_go(spec)
    until(lambda: told(connection)["ended"]["short"]["done"] == before["ended"]["short"]["done"] + 1)
    assert told(connection)["seconds"]["short"] > before["seconds"]["short"]
    stopped = engine.submit(held(Slow(steps=1000, pause=0.0, diary=str(tmp_path / "other"), cost=10**6)))
    until(lambda: stopped.progress)
    stopped.cancel()
    until(lambda: told(connection)["ended"]["short"]["cancelled"] == before["ended"]["short"]["cancelled"] + 1)


def test_an_engine_that_does_not_respond_has_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "engine.json").write_text(json.dumps({"address": "tcp://127.0.0.1:9"}))
    assert asyncio.run(work_of(str(tmp_path / "engine.json"), 1.0)) is None
