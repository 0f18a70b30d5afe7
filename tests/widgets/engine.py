"""An engine that computes nothing: a test moves its jobs by hand, with plausible arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lab import runs
from lab.context import Progress
from lab.results import ModelRestarts, PreviewResult, RestartsResult
from lab.specs import Preview, Restarts, Spec, TrainingRun, to_json


class FakeJob:
    """A job whose state is what the test says it is."""

    def __init__(self, spec: Spec, on_change: Callable[[Any], None] | None) -> None:
        self.spec = spec
        self.key = to_json(spec)
        self.state = "waiting"
        self.progress: Progress | None = None
        self.partial: Any = None
        self.result: Any = None
        self.error: str | None = None
        self.note: str | None = None
        self.seconds_left: float | None = None
        self.why_waiting = ""
        self.cancels = 0
        self._on_change = on_change or (lambda _: None)

    def advance(self, fraction: float, partial: Any = None) -> None:
        """Run up to a fraction."""
        self.state, self.partial = "running", partial or self.partial
        self.progress = Progress(fraction, "standard", {})
        self.seconds_left = 2.0
        self._on_change(self)

    def finish(self, result: Any) -> None:
        """End with a result."""
        self.state, self.result, self.seconds_left = "done", result, None
        self._on_change(self)

    def fail(self, error: str) -> None:
        """End with a sentence."""
        self.state, self.error, self.seconds_left = "failed", error, None
        self._on_change(self)

    def cancel(self) -> None:
        """Stop, as often as it is asked for."""
        self.cancels += 1
        if self.state in ("waiting", "running"):
            self.state = "cancelled"
            self._on_change(self)


class FakeEngine:
    """Remembers its jobs; previews are answered at once."""

    def __init__(self) -> None:
        self.jobs: list[FakeJob] = []
        self.underway: dict[str, bool] = {}
        self.reachable = True

    def workers(self) -> int:
        """One, as on a person's own machine."""
        return 1

    def training(self) -> dict[str, bool]:
        """The runs that a test says are under way."""
        return self.underway

    def submit(self, spec: Spec, on_change: Callable[[Any], None] | None = None) -> FakeJob:
        """A waiting job, or a finished one for a preview."""
        if isinstance(spec, TrainingRun):
            runs.begin(spec)
        job = FakeJob(spec, on_change)
        if isinstance(spec, Preview):
            job.finish(preview(spec))
        else:
            self.jobs.append(job)
        return job


def preview(spec: Preview) -> PreviewResult:
    """Grey test images that tell their label by a bright square."""
    x = np.full((len(spec.images), 28, 28, 1), 20, np.uint8)
    y = np.array([i % 10 for i in spec.images])
    for image, label in zip(x, y, strict=True):
        image[4 + label : 14 + label, 4 + label : 14 + label] = 230
    return PreviewResult(spec, x, y, tuple("0123456789"), 360)


def restarts(spec: Restarts, done: float = 1.0) -> RestartsResult:
    """Losses that rise and concentrate, higher for the first model."""
    draw = np.random.default_rng(0)
    count, images, steps = round(spec.attack.restarts * done), len(spec.images), spec.attack.steps
    shape = (1, 28, 28)
    x = preview(Preview(images=spec.images)).x.transpose(0, 3, 1, 2).astype(np.float32) / 255
    found = []
    for place, model in enumerate(spec.models):
        top = 14.0 / (1 + 4 * place) * (1 + 0.06 * draw.standard_normal((count, 1, images)))
        rise = 1 - np.exp(-np.arange(steps + 1) / 8).reshape(1, -1, 1)
        loss = np.maximum(top * rise + 0.1, 0).astype(np.float32)
        pairs = (images, 200)
        found.append(
            ModelRestarts(
                model=model.name,
                loss=loss,
                prediction=draw.integers(0, 10, (count, images)),
                distance=(5.0 + 0.2 * draw.standard_normal(pairs)).astype(np.float32),
                angle=(70.0 + 3 * draw.standard_normal(pairs)).astype(np.float32),
                worst=np.clip(x + 0.3 * np.sign(draw.standard_normal((images, *shape))), 0, 1).astype(np.float32),
                alignment=draw.uniform(-1, 1, (count, images)).astype(np.float32),
            )
        )
    y = np.array([i % 10 for i in spec.images])
    random = (6.9 + 0.1 * draw.standard_normal((images, 200))).astype(np.float32)
    return RestartsResult(spec, x, y, tuple("0123456789"), random, tuple(found), done)
