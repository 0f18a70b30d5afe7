"""The run bar against an engine moved by hand, and the way from worker threads to the widgets."""

import asyncio
import threading
import time

import pytest

from lab.errors import EngineError
from lab.specs import PGD, Restarts
from tests.widgets.conftest import SPEED, settled
from tests.widgets.engine import FakeEngine, restarts
from widgets.loop import OnLoop
from widgets.parts.forms import Form
from widgets.parts.run_bar import RunBar

SPEC = Restarts(attack=PGD(restarts=4, steps=3))


class Page:
    """A form of two numbers, a run bar, and what was drawn."""

    def __init__(self, engine: FakeEngine) -> None:
        self.form = Form(SPEC.attack)
        self.drawn: list = []
        self.bar = RunBar(engine, lambda: SPEC.replace(attack=self.form.spec()), self.drawn.append)
        self.form.observe(lambda _: self.bar.settings_changed(), "changes")

    def set_steps(self, steps: object) -> None:
        self.form.parts["steps"].value = steps


async def test_a_run_from_start_to_end(engine):
    page = Page(engine)
    assert page.bar.state == "ready"
    page.bar.run()
    [job] = engine.jobs
    assert page.bar.state == "waiting"
    job.advance(0.5, partial := restarts(SPEC, 0.5))
    await settled()
    assert (page.bar.state, page.bar.fraction, page.bar.doing, page.bar.seconds_left) == (
        "running",
        0.5,
        "standard",
        2.0,
    )
    job.finish(result := restarts(SPEC))
    await settled()
    assert page.bar.state == "done"
    assert [each is what for each, what in zip(page.drawn, (partial, result), strict=True)] == [True, True]


async def test_ten_presses_are_one_job(engine):
    page = Page(engine)
    for _ in range(10):
        page.bar.run()
    assert len(engine.jobs) == 1


async def test_other_settings_take_the_running_ones_place(engine):
    page = Page(engine)
    page.bar.run()
    page.set_steps(5)
    assert page.bar.stale
    page.bar.run()
    old, new = engine.jobs
    assert (old.state, new.spec.attack.steps, page.bar.stale) == ("cancelled", 5, False)
    await settled()
    assert page.bar.state == "waiting"
    old.finish(restarts(SPEC))
    await settled()
    assert page.drawn == []


async def test_stop_twice_cancels_once_and_keeps_what_was_drawn(engine):
    page = Page(engine)
    page.bar.stop()
    page.bar.run()
    [job] = engine.jobs
    job.advance(0.5, restarts(SPEC, 0.5))
    await settled()
    page.bar.stop()
    page.bar.stop()
    await settled()
    assert (page.bar.state, job.cancels, len(page.drawn)) == ("cancelled", 1, 1)


async def test_settings_that_differ_from_the_figures_are_stale_until_they_are_as_before(engine):
    page = Page(engine)
    page.set_steps(7)
    assert not page.bar.stale
    page.set_steps(3)
    page.bar.run()
    engine.jobs[0].finish(restarts(SPEC))
    await settled()
    page.set_steps(7)
    assert page.bar.stale
    page.set_steps(3)
    assert not page.bar.stale


async def test_after_a_run_that_drew_nothing_the_figures_are_still_those_before(engine):
    page = Page(engine)
    page.bar.run()
    engine.jobs[0].finish(restarts(SPEC))
    await settled()
    page.set_steps(7)
    page.bar.run()
    engine.jobs[1].fail("The worker died.")
    await settled()
    assert (page.bar.state, page.bar.message, page.bar.stale) == ("failed", "The worker died.", True)


async def test_figures_of_earlier_settings_are_stale_while_the_new_job_waits_and_runs(engine):
    page = Page(engine)
    page.bar.run()
    engine.jobs[0].finish(restarts(SPEC))
    await settled()
    page.set_steps(7)
    assert (page.bar.stale, page.bar.due) == (True, True)
    page.bar.run()
    assert (page.bar.state, page.bar.stale, page.bar.due) == ("waiting", True, False)
    new = engine.jobs[1]
    new.advance(0.1)
    await settled()
    assert (page.bar.state, page.bar.stale) == ("running", True)
    page.set_steps(3)  # those of the figures again, while others are being computed
    assert (page.bar.stale, page.bar.due) == (False, True)
    page.set_steps(7)
    new.advance(0.5, restarts(new.spec, 0.5))
    await settled()
    assert (page.bar.stale, page.bar.due) == (False, False)


async def test_figures_are_stale_under_settings_that_cannot_be_and_run_is_not_what_helps(engine):
    page = Page(engine)
    page.set_steps(5000)
    assert (page.bar.stale, page.bar.due) == (False, False)  # nothing is drawn yet
    page.set_steps(3)
    page.bar.run()
    engine.jobs[0].finish(restarts(SPEC))
    await settled()
    for steps in (7, 5000):
        page.set_steps(steps)
    assert (page.bar.stale, page.bar.due) == (True, False)


async def test_what_was_left_is_given_up_and_asked_for_again(engine):
    page = Page(engine)
    page.bar.come_back()
    page.bar.run()
    page.bar.leave()
    page.bar.leave()
    assert engine.jobs[0].state == "cancelled"
    page.bar.come_back()
    assert [each.state for each in engine.jobs] == ["cancelled", "waiting"]
    page.bar.stop()
    page.bar.leave()
    page.bar.come_back()
    assert len(engine.jobs) == 2  # what a person stopped stays stopped


async def test_inadmissible_settings_are_refused_in_words_and_nothing_runs(engine):
    page = Page(engine)
    page.set_steps(5000)
    assert "between 1 and 1000" in page.bar.refusal
    page.bar.run()
    assert engine.jobs == []
    page.set_steps(3)
    assert page.bar.refusal == ""


async def test_an_engine_that_refuses_is_said_in_words(engine, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise EngineError("The engine is gone: start the lab again.")

    monkeypatch.setattr(engine, "submit", refuse)
    page = Page(engine)
    page.bar.run()
    assert page.bar.refusal == "The engine is gone: start the lab again."


@pytest.mark.parametrize("content", [None, [], {"run": 1}, "shutdown", 3, ["run"]])
async def test_strange_messages_do_nothing(engine, content):
    page = Page(engine)
    page.bar._handle_custom_msg(content, [])
    assert engine.jobs == []


async def test_messages_press_the_buttons(engine):
    page = Page(engine)
    page.bar._handle_custom_msg("run", [])
    page.bar._handle_custom_msg("stop", [])
    assert engine.jobs[0].state == "cancelled"


async def test_worker_threads_reach_the_loop_throttled_and_the_last_state_is_seen():
    state, seen = 0, []
    interval, began = 0.05, time.monotonic()
    tell = OnLoop(lambda: seen.append((state, threading.current_thread())), interval * SPEED)

    def work() -> None:
        nonlocal state
        for number in range(1, 201):
            state = number
            tell()
            time.sleep(0.001)

    await asyncio.to_thread(work)
    await asyncio.sleep(0.1 * SPEED)
    assert seen[-1][0] == 200
    assert len(seen) <= (time.monotonic() - began) / interval + 2
    assert {thread for _, thread in seen} == {threading.current_thread()}
