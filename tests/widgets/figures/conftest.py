"""Figures of fabricated results, with numbers a person can check; what they draw is validated.

A page draws without plotly's validation, which takes as long as all the rest of a figure.
"""

import json
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.io.json import to_json_plotly

from lab.results import ModelRestarts, RestartsResult
from lab.specs import PGD, Restarts, Trained

_PLAIN = go.Figure


class Validated(go.Figure):
    """Raises where plotly knows no such property or value, or would draw another one than was given."""

    def __init__(self, content: object, _validate: bool = True) -> None:
        super().__init__(content)
        assert _content(self) == _content(_PLAIN(content, _validate=False))


def _content(drawn: go.Figure) -> object:
    """What is drawn of a figure: everything but the template, which is the plot view's, and what is empty."""
    content = drawn.to_dict()
    content["layout"].pop("template", None)
    return _filled(json.loads(to_json_plotly(content)))


def _filled(value: object) -> object:
    if isinstance(value, dict):
        parts = {name: _filled(each) for name, each in value.items()}
        return {name: each for name, each in parts.items() if each not in (None, [], {})}
    return [_filled(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(autouse=True)
def _validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(go, "Figure", Validated)


Make = Callable[..., RestartsResult]


def _model(name: str, scale: float, x: np.ndarray, restarts: int, steps: int) -> ModelRestarts:
    draw = np.random.default_rng(len(name))
    images = len(x)
    final = scale * np.exp(draw.normal(0, 0.2, (restarts, images)))
    rise = np.linspace(0.01, 1, steps + 1)[None, :, None]
    pairs = restarts * (restarts - 1) // 2
    return ModelRestarts(
        model=name,
        loss=(final[:, None] * rise).astype(np.float32),
        prediction=draw.integers(0, 10, (restarts, images)),
        distance=draw.normal(7, 0.2, (images, pairs)).astype(np.float32),
        angle=draw.normal(80, 2, (images, pairs)).astype(np.float32),
        worst=np.clip(x + 0.3 * np.sign(draw.normal(size=x.shape)), 0, 1).astype(np.float32),
        alignment=draw.uniform(-1, 1, (restarts, images)).astype(np.float32),
    )


@pytest.fixture
def make() -> Make:
    """Builds a result of any size; ``done`` cuts the restarts as a partial result does."""

    def result(
        names: tuple[str, ...] = ("standard", "pgd-trained"),
        images: int = 3,
        restarts: int = 100,
        done: float = 1.0,
        shape: tuple[int, int, int] = (1, 8, 8),
    ) -> RestartsResult:
        x = np.random.default_rng(0).random((images, *shape), np.float32)
        models = tuple(_model(name, 10.0 / 4**i, x, int(restarts * done), 20) for i, name in enumerate(names))
        spec = Restarts(
            models=tuple(Trained(name) for name in names),
            images=tuple(range(5, 5 + images)),
            attack=PGD(restarts=restarts, steps=20),
        )
        names_of_classes = tuple("0123456789")
        pairs = models[0].distance.shape[1]
        random = np.random.default_rng(1).normal(6, 0.1, (images, pairs)).astype(np.float32)
        return RestartsResult(spec, x, np.arange(images) % 10, names_of_classes, random, models, done)

    return result
