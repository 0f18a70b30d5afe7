"""Plane through an image: its lattice of points, and a model's output on it, each point computed once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import numpy as np
import torch
from torch import Tensor, nn

from lab.analysis.directions import Axes, axes, edge
from lab.analysis.forward import predict_logits
from lab.analysis.scene import Scene
from lab.analysis.surface_markers import nearest, paths
from lab.attacks.batches import dry_pass
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import margin, predicted
from lab.catalogue import fingerprints, parts
from lab.context import Context
from lab.errors import ModelError
from lab.models import load as load_model
from lab.models.adapter import adapted
from lab.recent import Recent
from lab.results.surface import Answers, Marker
from lab.specs.models import ModelSpec, name_of
from lab.specs.spec import key
from lab.specs.surface import DEEPEST, LossSurface

KEPT_PLANES = 16
KEPT_POINTS = 100_000  # of a plane, 2 MB; one that has more is replaced by an empty one, and jobs that use it keep it

_recent: "Recent[str, tuple[Plane, *tuple[nn.Module, ...]]]" = Recent(KEPT_PLANES)  # with the models they are of


@dataclass(frozen=True, eq=False)
class Window:
    """The points of a square, counted in whole steps of the finest lattice: ``columns`` and ``rows`` (n,).

    All zooms and shifts of a plane share that lattice.
    """

    columns: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, spec: LossSurface, stride: int) -> "Window":
        """The square that a spec names, with every stride-th of its points; its centre goes to the nearest point."""
        half, fineness = (spec.points - 1) // 2, DEEPEST // spec.zoom
        places = np.arange(-half, half + 1, stride, dtype=np.int64)
        centres = (round(each * spec.zoom * half) for each in (spec.centre_along, spec.centre_across))
        columns, rows = ((places + centre) * fineness for centre in centres)
        return cls(columns, rows)

    @property
    def codes(self) -> np.ndarray:
        """(n · n,) one number for every point, row by row."""
        # Row in the upper 32 bits, column (signed) in the lower: sorted and looked up as one integer.
        return (self.rows[:, None] * 2**32 + self.columns).ravel()


@dataclass(eq=False)
class Plane:
    """A model's plane, and its ``answers`` so far, at the points of these ``codes``."""

    model: nn.Module
    scene: Scene[LossSurface]
    axes: Axes
    edge: np.ndarray
    markers: tuple[Marker, ...] = ()
    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    answers: Answers = field(default_factory=lambda: empty())
    lock: Lock = field(default_factory=Lock)

    def missing(self, codes: np.ndarray) -> np.ndarray:
        """Those of the points that have not been computed."""
        with self.lock:
            return codes[~np.isin(codes, self.codes)]

    def learn(self, codes: np.ndarray, answers: Answers) -> None:
        """Keep the answers at new points; another job may have found some of them meanwhile."""
        with self.lock:
            self.codes, first = np.unique(np.concatenate([self.codes, codes]), return_index=True)
            self.answers = joined([self.answers, answers]).each(lambda values: values[first])

    def at(self, codes: np.ndarray) -> Answers:
        """The answers at points that are known."""
        with self.lock:
            where = np.searchsorted(self.codes, codes)
            return self.answers.each(lambda values: values[where])

    @property
    def step(self) -> float:
        """The finest lattice's distance, in pixel units."""
        spec = self.scene.spec
        return spec.ball.eps / ((spec.points - 1) // 2 * DEEPEST)

    def places(self, codes: np.ndarray) -> np.ndarray:
        """(m, 2) ε₁ and ε₂ of points by their numbers, in pixel units."""
        columns = (codes + 2**31) % 2**32 - 2**31  # the lower 32 bits as a signed number
        return np.stack([columns, (codes - columns) >> 32], 1) * self.step

    @cached_property
    def basis(self) -> Tensor:
        """(2, C · H · W) both axes in float32."""
        return torch.stack([self.axes.g.flatten(), self.axes.across.flatten()]).float()

    def images(self, places: np.ndarray) -> Tensor:
        """(m, C, H, W) x + ε₁ · g + ε₂ · g⊥ in float32, clipped if the spec says so."""
        x = self.scene.x
        points = torch.addmm(x.flatten(), torch.from_numpy(places).float(), self.basis).view(-1, *x.shape[1:])
        return points.clamp_(0, 1) if self.scene.spec.clip else points

    def logits(self, images: Tensor) -> Tensor:
        """(m, classes) without autograd, on the CPU."""
        with torch.inference_mode():
            logits: Tensor = self.model(images.to(device_of(self.model)))
        return logits.cpu()

    def answers_of(self, logits: Tensor) -> Answers:
        """Convert logits to log-odds and predictions, in float64."""
        y, logits = int(self.scene.y), logits.double()
        labels = torch.full((len(logits),), y)
        # log Σ exp over the other classes: log-odds against the label, from which neither p nor 1 - p underflows.
        others = logits.scatter(1, labels.unsqueeze(1), -torch.inf).logsumexp(1)
        odds, left = (others - logits[:, y]).numpy(), margin(logits, labels).float().numpy()
        return Answers(odds, left, predicted(logits).short().numpy())

    def mark(self, ctx: Context) -> None:
        """Find the attacks' points, once."""
        if not self.markers:
            found = paths(self.scene, self.model, ctx)
            self.markers = tuple(self._marker(name, points) for name, points in found.items())

    def _marker(self, name: str, points: Tensor) -> Marker:
        place, away = nearest(self.scene, self.axes, points)
        return Marker(
            name, place[:, 0].numpy(), place[:, 1].numpy(), away.numpy(), self.answers_of(self.logits(points))
        )


def plane(scene: Scene[LossSurface], spec: ModelSpec, ctx: Context) -> Plane:
    """Return the model's plane: the same object for every window on it, as long as it is remembered."""
    whole = LossSurface()
    lasting = scene.spec.replace(
        models=(spec,), zoom=whole.zoom, centre_along=whole.centre_along, centre_across=whole.centre_across
    )
    name = key(lasting, *fingerprints(lasting))
    models = [load_model(each) for each in parts(lasting) if isinstance(each, ModelSpec)]
    # A plane holds its models: once one has been loaded again, a plane of the earlier object is not reused.
    known, *of = _recent.get(name) or (None,)
    if known is not None and [*map(id, of)] == [*map(id, models)] and len(known.codes) < KEPT_POINTS:
        return known
    model = adapted(load_model(spec))
    with frozen(model):
        dry_pass(model, scene.x.to(device_of(model)), scene.y)
        _require_a_loss(model, scene, spec)
    found = axes(scene, model, ctx)
    made = Plane(model, scene, found, edge(scene, found).numpy())
    _recent.keep(name, (made, *models))
    return made


def _require_a_loss(model: nn.Module, scene: Scene[LossSurface], spec: ModelSpec) -> None:
    """Refuse a model without a loss at the image, of which every attack makes a direction of length zero."""
    if predict_logits(model, scene.x).isnan().any():
        raise ModelError(
            f"The output of {name_of(spec):.80} is not a number for test image {scene.spec.image}, so that its loss "
            "has no surface: choose another image, or check the model and its weights."
        )


def empty() -> Answers:
    """No answers."""
    return Answers(np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.int16))


def joined(parts: Sequence[Answers]) -> Answers:
    """Concatenate the answers."""
    names = ("log_odds", "margin", "prediction")
    return Answers(*(np.concatenate([getattr(each, name) for each in parts]) for name in names))
