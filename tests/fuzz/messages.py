"""Widget messages as a hostile browser sends them, to every widget of every page of a public lab, in this process.

A message is accepted when nothing is said about it, refused when a page says a sentence, and a fault when anything else
is raised, when a sentence is too long, when a trait changes that a browser may not set, when the engine is asked for
what a visitor may not have, or when somebody else's run is touched.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest import mock

import ipywidgets as ipw

from lab import catalogue, runs
from lab.errors import LabError
from lab.limits import require_modest
from lab.specs import (
    Embeddings,
    Evaluation,
    Explore,
    ImageSweep,
    LossSurface,
    Masking,
    Restarts,
    RobustnessCurves,
    Spec,
    Standard,
    TrainingRun,
    TransferMatrix,
)
from tests.fuzz.report import LONGEST, Report
from tests.widgets.curved import curved
from tests.widgets.embedded import embedded
from tests.widgets.engine import FakeEngine, FakeJob, restarts
from tests.widgets.evaluated import evaluated
from tests.widgets.explored import explored
from tests.widgets.masked import masked
from tests.widgets.surfaced import surfaced
from tests.widgets.swept import swept
from tests.widgets.transferred import transferred
from widgets.dashboards.app import PAGES, App
from widgets.guarded import Guarded

HERS = "hers"
SAID = ("refusal", "error", "message")
"""The traits in which a page says what is wrong."""

RESULTS: dict[type[Spec], Callable[[Any], Any]] = {
    Restarts: restarts,
    Evaluation: evaluated,
    Explore: explored,
    ImageSweep: swept,
    LossSurface: surfaced,
    Masking: masked,
    TransferMatrix: transferred,
    Embeddings: embedded,
    RobustnessCurves: curved,
}


class Engine(FakeEngine):
    """Answers the pages' first wishes at once, and has every later one judged as the real engine does."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = True

    def submit(self, spec: Spec, on_change: Callable[[Any], None] | None = None) -> FakeJob:
        require_modest(spec)
        catalogue.fingerprints(spec)
        try:
            catalogue.require_listed(spec.recipe if isinstance(spec, TrainingRun) else spec)
        except LabError as error:
            raise AssertionError(f"the engine is asked for what is not listed: {spec!r:.200}") from error
        self.jobs = self.jobs[-20:]
        job = super().submit(spec, on_change)
        if self.answers and type(spec) in RESULTS:
            job.finish(RESULTS[type(spec)](spec))
        return job


class Lab:
    """All pages, opened, and what went wrong on them."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.engine = Engine()
        self.app = App(self.engine)
        for each in PAGES:
            self.app.visit(each.name)
        self.widgets = list(_below(self.app))
        self.tokens = [page.link() for page in self.app.pages.values()]

    def said(self) -> dict[int, list[str]]:
        """What every widget says is wrong."""
        return {id(w): [str(getattr(w, name)) for name in SAID if w.has_trait(name)] for w in _below(self.app)}


def fuzz(seed: int, count: int) -> Report:
    """Send ``count`` messages and report what became of them."""
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        places = {"LAB_HOME": home, "LAB_DATA": os.path.join(home, "data"), "LAB_PUBLIC": "1"}
        stack.enter_context(mock.patch.dict(os.environ, places))
        runner = stack.enter_context(asyncio.Runner())
        return runner.run(_fuzzed(random.Random(seed), count))


async def _fuzzed(draw: random.Random, count: int) -> Report:
    report = Report()
    runs.begin(TrainingRun(HERS, Standard()))
    runs.sign(HERS, "alice")
    with _noticed(report):
        lab = Lab()
        lab.engine.answers = False
        before, known = lab.said(), len(report.faults)
        for i in range(count):
            widget, data = _message(draw, lab)
            state = _state(widget, data)
            found = _sent(widget, data, state)
            await asyncio.sleep(0)
            now = lab.said()
            found += [
                f"a refusal of {len(text)} characters" for all_ in now.values() for text in all_ if len(text) > LONGEST
            ]
            if not runs.wanted(HERS):
                found.append("somebody else's run was touched")
            report.faults += [f"{type(widget).__name__} {data!r:.200}: {each}" for each in found]
            if len(report.faults) == known:
                refused = any(any(now[w]) and now[w] != before.get(w) for w in now)
                report.refused, report.accepted = report.refused + refused, report.accepted + (not refused)
            _set_back(widget, state)
            before, known = lab.said(), len(report.faults)
            if i % 200 == 199:
                await asyncio.sleep(0.3)  # what was put off
                _tidy(lab)
    return report


def _state(widget: ipw.Widget, data: Any) -> dict[str, Any]:
    """The values of the traits that a message names."""
    named = data.get("state") if isinstance(data, dict) else None
    names = [each for each in named if widget.has_trait(each)] if isinstance(named, dict) else []
    return {name: getattr(widget, name) for name in names}


def _sent(widget: ipw.Widget, data: Any, before: dict[str, Any]) -> list[str]:
    """Send a message; the traits that it set although a browser may not."""
    widget._handle_msg({"content": {"data": data}, "buffers": []})
    if any(widget.trait_metadata(name, "heard") for name in before):
        return []
    return [f"{name} was set" for name, value in before.items() if getattr(widget, name) is not value]


def _set_back(widget: ipw.Widget, before: dict[str, Any]) -> None:
    """As it was, so that one message's values do not have all later ones refused."""
    for name, value in before.items():
        if widget.trait_metadata(name, "heard") and name not in ("visitor", "selected"):
            setattr(widget, name, value)


def _tidy(lab: Lab) -> None:
    """Discard the runs that were begun meanwhile, so that there is room for more."""
    for card in runs.runs():
        if card.name != HERS:
            runs.discard(card.name)


@contextmanager
def _noticed(report: Report) -> Iterator[None]:
    """Note every error that is swallowed on the page's thread or on its loop."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            if record.levelno >= logging.WARNING and not isinstance(error, LabError):
                report.faults.append(f"{record.getMessage():.100}: {type(error).__name__}: {error!s:.200}")

    def raised(_: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, LabError):
            report.faults.append(f"on the loop: {type(error).__name__}: {error!s:.200}")

    asyncio.get_running_loop().set_exception_handler(raised)
    handler, loggers = Handler(), [logging.getLogger(name) for name in ("lab", "traitlets", "asyncio", "")]
    for each in loggers:
        each.addHandler(handler)
    try:
        yield
    finally:
        for each in loggers:
            each.removeHandler(handler)


def _below(widget: Any) -> Iterator[Guarded]:
    """A widget and everything in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _below(child)


def _message(draw: random.Random, lab: Lab) -> tuple[Any, Any]:
    """One message and whom it goes to."""
    if draw.random() < 0.05:
        lab.widgets = list(_below(lab.app))
    widget = draw.choice(lab.widgets)
    heard = [name for name in widget.trait_names(sync=True) if widget.trait_metadata(name, "heard")]
    kind = draw.random()
    if heard and kind < 0.55:
        name = draw.choice(heard)
        return widget, {"method": "update", "state": {name: _said(draw, widget, name, lab)}}
    if kind < 0.7:
        return widget, {"method": "update", "state": {draw.choice(widget.trait_names(sync=True)): _hostile(draw)}}
    if kind < 0.95:
        return widget, {"method": "custom", "content": _press(draw)}
    return widget, _malformed(draw)


def _said(draw: random.Random, widget: Any, name: str, lab: Lab) -> Any:
    """What a browser may say there: likely, unlikely or hostile."""
    if name in ("clicked", "hovered"):
        return _pointed(draw)
    if name == "camera":
        return {part: {axis: _number(draw) for axis in "xyz"} for part in draw.sample(["eye", "center", "up"], 2)}
    if name == "ranges":
        return {axis: draw.choice([None, [_number(draw), _number(draw)], _hostile(draw)]) for axis in "xy"}
    if name == "selected":
        return draw.choice([*(each.name for each in PAGES), "home", _hostile(draw)])
    if name == "state":
        return _link(draw, lab)
    if draw.random() < 0.5:
        return _hostile(draw)
    options = [each["value"] for each in getattr(widget, "options", [])]
    if options:
        return draw.choice([draw.choice(options), draw.sample(options, draw.randint(0, len(options)))])
    return draw.choice([_number(draw), str(_number(draw)), [draw.randint(-1, 400) for _ in range(draw.randint(0, 6))]])


def _pointed(draw: random.Random) -> Any:
    """A point of a figure, or nearly one."""
    event = {
        "trace": draw.choice([0, 1, 2, 7, -1, 10**400, True, "0", None]),
        "point": draw.choice([0, 3, [1, 2], -5, None]),
        "x": draw.choice([_number(draw), "standard", _hostile(draw)]),
        "y": draw.choice([_number(draw), "pgd-trained", _hostile(draw)]),
        "customdata": draw.choice([0, 5, [0, 1], [1, 2, 3], "PGD", None, _hostile(draw)]),
    }
    for name in draw.sample(sorted(event), draw.randint(0, 2)):
        del event[name]
    return draw.choice([event, event, event, _hostile(draw)])


def _link(draw: random.Random, lab: Lab) -> Any:
    token = draw.choice(lab.tokens)
    place = draw.randrange(len(token))
    return draw.choice([token, token[:place], token[:place] + "A" + token[place + 1 :], _hostile(draw)])


def _press(draw: random.Random) -> Any:
    """What a button sends, or a message that looks like it."""
    action = {
        "action": draw.choice(["show", "pause", "resume", "discard", "clone", "rm", None, ["pause"], {}]),
        "name": draw.choice([HERS, "fgsm-trained", "standard-training", "../..", "", None, 3, "x" * 300]),
    }
    known = ["run", "stop", "start", "arrived", "csv", "html", "link", "code", "numbers", "again", "close", 0, 1, 2, -1]
    trials = ["leaking", "overfitting", "capacity"]
    return draw.choice([action, draw.choice(known), draw.choice(trials), _hostile(draw)])


def _malformed(draw: random.Random) -> Any:
    return draw.choice(
        [
            _hostile(draw), {"method": _hostile(draw)}, {"method": "update"},
            {"method": "update", "state": _hostile(draw)},
            {"method": "update", "state": {"value": 1}, "buffer_paths": [["value"]]}, {"method": "custom"},
            {"method": "request_state"}, {"method": "request_states", "state": {}},
        ]
    )  # fmt: skip


def _number(draw: random.Random) -> Any:
    return draw.choice(
        [
            0,
            1,
            2,
            3,
            10,
            0.1,
            0.3,
            8 / 255,
            1.0,
            255,
            360,
            draw.random(),
            draw.randint(-5, 5000),
            1e308,
            -1e308,
            10**400,
        ]
    )


def _hostile(draw: random.Random) -> Any:
    return draw.choice(_VALUES)()


def _nested(depth: int) -> Any:
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


_VALUES: list[Callable[[], Any]] = [
    *(
        partial(lambda value: value, value)
        for value in (
            None, True, False, 0, -1, 2**63, 10**400, -(10**400), 0.0, 1e308, float("nan"), float("inf"), float("-inf"),
            "", " ", "0", "1e999", "1_000", "8/255", "1/0", "nan", "inf", "٣", "0x10", "1,2,3", ",",
            ",".join(["1"] * 60), "9" * 5000, "1e5,1e400", "../../etc/passwd", "__class__", "\x00", "\ud800",
            "<img src=x onerror=alert(1)>",
            "ü" * 90, "a" * 256, "a" * 20_000, "line\nbreak", "standard", "PGD", "mnist", "IPY_MODEL_0",
            [], [None], [[]], [1, [2]], ["standard", "standard"], ["standard", 3], [1.5, True], list(range(1000)),
            [10**400], ["a" * 300] * 9, [{}], {}, {"value": 1}, {"a": {"b": []}}, {"": None}, {"eye": {"x": 10**400}},
            {"trace": 0, "point": 10**400, "x": float("inf"), "y": None, "customdata": [10**9]},
        )
    ),
    partial(_nested, 30),
    partial(_nested, 100_000),
]  # fmt: skip
