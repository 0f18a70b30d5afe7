"""Numbers for Prometheus."""

import asyncio
import re
from collections import Counter
from functools import wraps
from types import SimpleNamespace

import pytest

from lab.engine.ledger import Ledger
from lab.server.kernels import Kernels
from lab.server.metrics import Watch, metrics

LINE = re.compile(r'(lab_[a-z_]+)(?:\{[a-z]+="[a-z]+"(?:,[a-z]+="[a-z]+")?\})? (\d+(?:\.\d+)?)')


def task(key, slot):
    return SimpleNamespace(key=key, resource_restrictions={slot: 1} if slot else {})


def test_without_an_engine_there_are_no_numbers_of_jobs():
    lines = metrics(Kernels(most_visitors=7), Counter(), None).splitlines()
    assert "lab_engine_up 0" in lines
    assert not [each for each in lines if each.startswith("lab_job")]


def run(test):
    """A test that needs a loop."""

    @wraps(test)
    def alone():
        asyncio.run(test())

    return alone


@run
async def test_however_many_watch_the_engine_is_asked_once():
    asked, told = [], asyncio.Event()

    async def ask():
        asked.append(None)
        await told.wait()
        return {"waiting": {}}

    watch = Watch(ask)
    first, *others = [asyncio.create_task(watch.work()) for _ in range(50)]
    await asyncio.sleep(0)
    first.cancel()
    told.set()
    assert await asyncio.gather(*others) == [{"waiting": {}}] * 49
    assert await watch.work() == {"waiting": {}}
    assert len(asked) == 1
    watch._until = 0.0  # a second later
    await watch.work()
    assert len(asked) == 2


@run
async def test_an_engine_that_failed_to_respond_is_asked_again():
    found = [OSError("gone"), None]

    async def ask():
        answer = found.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watch = Watch(ask)
    with pytest.raises(OSError, match="gone"):
        await watch.work()
    watch._until = 0.0
    assert await watch.work() is None


def test_every_number_has_a_meaning_and_a_kind():
    kernels = Kernels(most_visitors=7)
    kernels.waitlist.join("a")
    ledger = Ledger()
    for state in ("waiting", "processing", "memory", "released", "forgotten"):
        ledger.note(
            task("a", "short"), state, [{"action": "compute", "start": 3.0, "stop": 4.5}] if state == "memory" else []
        )
    for state in ("processing", "released", "forgotten"):
        ledger.note(task("b", "long"), state, ())
    ledger.note(task("c", ""), "memory", ())  # none of ours
    work = ledger.work(waiting=Counter(quick=2), computing=Counter())
    lines = metrics(kernels, Counter({"address": 2}), work).splitlines()
    assert "lab_engine_up 1" in lines
    assert 'lab_jobs{kind="quick",state="waiting"} 2' in lines
    assert 'lab_jobs_ended_total{kind="short",outcome="done"} 1' in lines
    assert 'lab_jobs_ended_total{kind="short",outcome="cancelled"} 0' in lines
    assert 'lab_jobs_ended_total{kind="long",outcome="cancelled"} 1' in lines
    assert 'lab_job_seconds_total{kind="short"} 1.500' in lines
    assert "lab_visitors 0" in lines
    assert "lab_visitors_admitted 7" in lines
    assert "lab_waiting_visitors 1" in lines
    assert 'lab_refusals_total{limit="address"} 2' in lines
    assert 'lab_refusals_total{limit="queue"} 0' in lines
    for each in lines:
        if not each.startswith("#"):
            name = LINE.fullmatch(each)[1]
            assert any(line.startswith(f"# HELP {name} ") for line in lines)
            assert any(line.startswith(f"# TYPE {name} ") for line in lines)
