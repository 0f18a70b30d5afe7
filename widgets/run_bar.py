"""The run bar: run, stop, how far it is, what is being done, and what went wrong in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets as t

from lab.errors import LabError
from lab.specs import Spec
from widgets.loop import OnLoop
from widgets.plain import Plain
from widgets.words import plainly

_ACTIVE = ("waiting", "running")


class RunBar(Plain):
    """Runs the spec that ``spec()`` gives on an engine, and shows what comes with ``show(result)``.

    ``state`` is ready or the job's own; ``refusal`` says what is wrong with the settings; ``stale`` that they are
    not those of the figures (or of the running job). The same settings pressed again while they run are not run
    again; others take the place of the running ones. ``interval`` is the time in seconds between two redraws.
    """

    _esm = Path(__file__).with_name("run_bar.js")

    state = t.Unicode("ready").tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    refusal = t.Unicode().tag(sync=True)
    doing = t.Unicode().tag(sync=True)
    fraction = t.Float(0.0).tag(sync=True)
    seconds_left = t.Float(None, allow_none=True).tag(sync=True)
    message = t.Unicode().tag(sync=True)

    def __init__(
        self, engine: Any, spec: Callable[[], Spec], show: Callable[[Any], None], interval: float = 0.15
    ) -> None:
        super().__init__()
        self.add_class("lab-run-bar")
        self.job: Any = None
        self._engine = engine
        self._spec = spec
        self._show = show
        self._drawn: Any = None
        self._changed = OnLoop(self._follow, interval)
        self.on_msg(self._pressed)

    def run(self) -> None:
        """Ask for the present settings; what is wrong with them is said instead."""
        try:
            spec = self._spec()
            if self._is_active() and self.job.spec == spec:
                return
            self.stop()
            self.job = self._engine.submit(spec, on_change=lambda _: self._changed())
        except LabError as error:
            self.refusal = str(error)
            return
        self._follow()

    def stop(self) -> None:
        """Cancel the running job; what was drawn stays. Without one, nothing happens."""
        if self._is_active():
            self.job.cancel()

    def settings_changed(self) -> None:
        """Say whether the settings are admissible, and whether they are those of the figures."""
        try:
            spec = self._spec()
        except LabError as error:
            self.refusal = str(error)
            return
        self.refusal = ""
        self.stale = self._known() is not None and spec != self._known()

    def _known(self) -> Spec | None:
        """What is being computed or, without that, what is drawn."""
        if self._is_active():
            return self.job.spec
        return self._drawn.spec if self._drawn is not None else None

    def _is_active(self) -> bool:
        return self.job is not None and self.job.state in _ACTIVE

    def _pressed(self, _: Any, content: Any, __: Any) -> None:
        if content == "run":
            self.run()
        elif content == "stop":
            self.stop()

    def _follow(self) -> None:
        """Show the job as it is now."""
        job, progress = self.job, self.job.progress
        with self.hold_sync():
            self.state = job.state
            self.doing = progress.doing if progress else ""
            self.fraction = progress.fraction if progress else 0.0
            self.seconds_left = job.seconds_left
            self.message = plainly(job.error or job.note or "")
        result = job.result or job.partial
        if result is not None and result is not self._drawn:
            self._drawn = result
            self._show(result)
        self.settings_changed()
