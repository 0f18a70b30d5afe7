"""The run bar: run, stop, how far it is, what is being done, and what went wrong in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from lab.errors import LabError
from lab.results import Result
from lab.specs import Spec, to_json
from widgets.loop import OnLoop

_ACTIVE = ("waiting", "running")


class RunBar(anywidget.AnyWidget):
    """Runs the spec that ``spec()`` gives on an engine, and shows what comes with ``show(result)``.

    ``state`` is ready, waiting, running, done, failed, cancelled or refused (the settings are not admissible);
    ``stale`` says that the settings have changed since the picture on the page was asked for. The same spec
    pressed again while it runs is not run again; another one takes the place of the running one.
    """

    _esm = Path(__file__).with_name("run_bar.js")

    state = t.Unicode("ready").tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    doing = t.Unicode().tag(sync=True)
    fraction = t.Float(0.0).tag(sync=True)
    seconds_left = t.Float(None, allow_none=True).tag(sync=True)
    message = t.Unicode().tag(sync=True)
    cost = t.Unicode().tag(sync=True)

    def __init__(
        self, engine: Any, spec: Callable[[], Spec], show: Callable[[Result], None], **traits: Any
    ) -> None:
        super().__init__(**traits)
        self.add_class("lab-run-bar")
        self.job: Any = None
        self._engine = engine
        self._spec = spec
        self._show = show
        self._drawn: Result | None = None
        self._changed = OnLoop(self._follow)
        self.on_msg(self._pressed)

    def run(self) -> None:
        """Ask for the present settings; what is wrong with them is said instead."""
        try:
            spec = self._spec()
            if self._is_active() and self.job.spec == spec:
                return
            self.stop()
            self.job = self._engine.submit(spec, on_change=lambda *_: self._changed())
        except LabError as error:
            self._say("refused", str(error))
            return
        self.stale = False
        self._follow()

    def stop(self) -> None:
        """Cancel the running job; what was shown stays. Without one, nothing happens."""
        if self._is_active():
            self.job.cancel()

    def settings_changed(self) -> None:
        """Compare the settings with what is shown or being computed, and say whether it is still the same."""
        try:
            spec = self._spec()
        except LabError as error:
            self._say("refused", str(error))
            self.stale = self.job is not None
            return
        if self.state == "refused":
            self._say("ready", "")
            if self.job is not None:
                self._follow()
        self.stale = self.job is not None and to_json(spec) != to_json(self.job.spec)

    def _is_active(self) -> bool:
        return self.job is not None and self.job.state in _ACTIVE

    def _pressed(self, _: Any, content: Any, __: Any) -> None:
        presses = {"run": self.run, "stop": self.stop}
        if isinstance(content, str) and content in presses:
            presses[content]()

    def _follow(self) -> None:
        job = self.job
        progress = job.progress
        with self.hold_sync():
            self.doing = progress.doing if progress else ""
            self.fraction = progress.fraction if progress else 0.0
            self.seconds_left = job.seconds_left
            self._say(job.state, job.error or job.note or "")
        result = job.result or job.partial
        if result is not None and result is not self._drawn:
            self._drawn = result
            self._show(result)

    def _say(self, state: str, message: str) -> None:
        self.state = state
        self.message = message
