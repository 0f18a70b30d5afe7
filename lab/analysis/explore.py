"""One image under attack, looked at closely: step by step, at every scale of the logits, and by every attack."""

from dataclasses import dataclass, replace
from functools import partial
from time import sleep

import numpy as np
import torch
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.analysis.forward import on_these_data, predict_clean, predict_logits
from lab.analysis.pieces import together
from lab.analysis.scene import Scene, images_at, proposed
from lab.attacks import judge
from lab.attacks.gradient import device_of, frozen, input_gradient, plain_gradient
from lab.attacks.iterative import start_points, step_in
from lab.attacks.objectives import cross_entropy, margin, predicted
from lab.context import Cancelled, Context
from lab.data import load as load_data
from lab.errors import LabError
from lab.models import load_adapted as load_model
from lab.pairing import names_on
from lab.results.explore import ExploreResult, ModelExplored, ScaleSweep, Tried, lengths
from lab.results.prediction import predictions
from lab.results.thumbnails import thumbnail
from lab.specs.attacks import AttackSpec, CrossEntropy
from lab.specs.balls import L2, Linf
from lab.specs.explore import SCALES, STARTS, Explore
from lab.specs.pace import pace
from lab.specs.sentences import labelled

POINTS = 400  # of the path that are kept; more cannot be seen
LULL = 15  # hundredths of a second between the picture of the chosen attack and the scales of the logits
REST = 100  # hundredths of a second without another request, after which every other attack is tried: they take long
SMALL = 3 * 64 * 64  # values of an image whose steps are too short to be shared between cores


@analyse.register
def explore(spec: Explore, ctx: Context) -> ExploreResult:
    """The chosen attack first, then the scales of the logits, then every other attack, shown as they come.

    Large images are attacked side by side, small ones one after the other. An attack that cannot be run says why
    in its place.
    """
    data = load_data(spec.data, ctx.silent())
    scene = Scene(spec, *images_at([spec.image], data))
    most = 1 if scene.x.numel() <= SMALL else None
    names = names_on(spec.models, spec.data)
    subjects = [
        Subject(name, Scaled(load_model(each), spec.logit_scale)) for name, each in zip(names, spec.models, strict=True)
    ]
    found = ExploreResult(spec, scene.x[0].numpy(), int(scene.y), data.class_names, (), (), (), 0.0)

    explored = together(partial(_explore_model, scene), subjects, ctx.span(0, 1, 10), most)
    models = tuple(one for _, one in explored)
    found = replace(found, models=models, done=0.1)
    ctx.partial(found)
    _lull(ctx, LULL)
    sweeps = [one for _, one in together(partial(_swept, scene), subjects, ctx.span(1, 3, 10))]
    models = tuple(_after_restart(scene, *pair, ctx.silent()) for pair in zip(subjects, models, strict=True))
    found = replace(found, models=models, sweeps=tuple(each for each in sweeps if each is not None), done=0.3)
    ctx.partial(found)
    _lull(ctx, REST)
    pairs = [(each, subject) for each in spec.compared for subject in subjects]
    trials = together(lambda pair, lane: _try_attack(scene, *pair, lane), pairs, ctx.span(3, 10, 10), most)
    for _, tried in trials:
        count = len(found.tried) + 1
        found = replace(found, tried=(*found.tried, tried), done=0.3 + 0.7 * count / len(pairs))
        if count < len(pairs):
            ctx.partial(found)
    return replace(found, done=1.0)


def _lull(ctx: Context, hundredths: int) -> None:
    """Wait a moment: while a slider is dragged what follows is not needed, and drawing needs the processor."""
    for _ in range(hundredths):
        ctx.silent().report(0, 1)
        sleep(0.01)


class Scaled(nn.Module):
    """A model whose logits are multiplied: one factor, or (n, 1) factors, one for each image of the batch."""

    def __init__(self, model: nn.Module, factor: float | Tensor) -> None:
        super().__init__()
        self.model = model
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """(n, classes) logits times the factor."""
        return self.model(x) * self.factor


@dataclass(frozen=True, eq=False)
class Subject:
    """Whom it is asked: a model by its name."""

    name: str
    network: Scaled


class Watched(nn.Module):
    """A model that remembers its logits and whether they were asked for with a gradient, call by call."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.calls: list[tuple[Tensor, bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        """The model's output."""
        logits: Tensor = self.model(x)
        self.calls.append((logits.detach(), logits.requires_grad))
        return logits


def _explore_model(scene: Scene[Explore], subject: Subject, ctx: Context) -> ModelExplored:
    """The chosen attack on one model."""
    spec, x, y, network = scene.spec, scene.x, scene.y, subject.network
    watched = Watched(network)
    x_adv, health, error = x, None, ""
    try:
        x_adv = proposed(spec.attack, scene, watched, ctx)
        health = judge(x, y, x_adv, network, spec.ball).health
    except Cancelled:
        raise
    except Exception as failure:  # it is said in the picture's place
        x_adv, error = x, _in_words(failure)
    with on_these_data(subject.name):
        clean = predict_clean(network, x, y)
    adversarial = predict_logits(network, x_adv)
    steps = [logits for logits, with_gradient in watched.calls if with_gradient]
    calls = steps or [logits for logits, _ in watched.calls] or [clean]
    loss, left = path([*thinned(calls), adversarial], y)
    return ModelExplored(
        model=subject.name,
        x_adv=x_adv[0].numpy(),
        clean=clean[0].numpy(),
        adversarial=adversarial[0].numpy(),
        loss=loss,
        margin=left,
        by_gradient=bool(steps),
        health=health,
        error=error,
    )


def _after_restart(scene: Scene[Explore], subject: Subject, found: ModelExplored, ctx: Context) -> ModelExplored:
    """Return the outcome of the chosen attack, or of a further random start where only that fools the image."""
    spec, tried = scene.spec, scene.spec.attack
    if found.health is None or not tried.capabilities.retried:
        return found
    gain = 0.0
    if all(predictions(each) == scene.y.item() for each in (found.clean, found.adversarial)):
        once = replace(scene, spec=spec.replace(attack=tried.replace(restarts=1)))
        further = _explore_model(once, subject, ctx.seeded("further restart"))
        if not further.error and predictions(further.adversarial) != scene.y.item():
            found, gain = further, 1.0
    return replace(found, health=found.health and replace(found.health, restart_gain=gain))


def path(calls: list[Tensor], y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(T,) loss and margin of T calls; of several images in one call, those of the largest loss."""
    losses, margins = [], []
    for logits in calls:
        labels = y.to(logits.device).expand(len(logits))
        loss = cross_entropy(logits, labels)
        best = loss.argmax()
        losses.append(loss[best].item())
        margins.append(margin(logits, labels)[best].item())
    return np.array(losses, np.float32), np.array(margins, np.float32)


def thinned(calls: list[Tensor]) -> list[Tensor]:
    """At most :data:`POINTS` of the calls, evenly spread, the first one among them."""
    step = -(-len(calls) // POINTS)
    return calls[::step]


def _try_attack(scene: Scene[Explore], tried: AttackSpec, subject: Subject, ctx: Context) -> Tried:
    """One of the compared attacks on one model."""
    name, network, x = subject.name, subject.network, scene.x
    try:
        x_adv = proposed(tried, scene, network, ctx)
        verdict = judge(x, scene.y, x_adv, network, scene.spec.ball)
    except Cancelled:
        raise
    except Exception as failure:  # one attack that cannot be run must not hide the others
        picture, nan = np.zeros((0, 0, 0), np.uint8), float("nan")
        return Tried(tried, name, picture, -1, nan, nan, nan, 0, _in_words(failure))
    return Tried(
        tried,
        name,
        thumbnail(x_adv[0].numpy()),
        int(verdict.adversarial[0]),
        float(verdict.margin[0]),
        *lengths((x_adv - x)[0].numpy()),
        "",
    )


def _in_words(failure: Exception) -> str:
    return labelled(failure) if isinstance(failure, LabError) else f"{type(failure).__name__}: {failure}"


def _swept(scene: Scene[Explore], subject: Subject, ctx: Context) -> ScaleSweep | None:
    """PGD by both gradients from the same random starts, at all scales in one batch; None in a ball without norm."""
    spec, x, y, model = scene.spec, scene.x, scene.y, subject.network.model
    if not isinstance(spec.ball, Linf | L2):
        return None
    device = device_of(model)
    rows = len(SCALES) * STARTS
    factors = torch.tensor(SCALES, device=device).repeat_interleave(STARTS).unsqueeze(1)
    starts = start_points(spec.pgd, x, spec.ball, ctx, [0], range(STARTS)).repeat(len(SCALES), 1, 1, 1).to(device)
    centres, labels = x.to(device).expand(rows, -1, -1, -1), y.to(device).expand(rows)
    steps, length = pace(spec.pgd, spec.ball.eps)
    move = step_in(spec.ball, centres, length)
    scaled = Scaled(model, factors)
    found = []
    with frozen(scaled):
        for i, gradient in enumerate((our_gradient, plain_gradient)):
            x_adv, half = starts, ctx.part(i, 2)
            for step in range(steps):
                half.report(step, steps)
                x_adv = move(x_adv, gradient(scaled, x_adv, labels)[0])
            found += _ends(predict_logits(model, x_adv), labels)
    return ScaleSweep(subject.name, found[0], found[2], found[1], found[3])


def our_gradient(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The direction of the cross-entropy's gradient, which cannot underflow, and the logits."""
    return input_gradient(model, x, y, CrossEntropy())


def _ends(logits: Tensor, labels: Tensor) -> list[np.ndarray]:
    """(S,) fractions of fooled starts and mean losses, from the logits without the factor, scale by scale."""
    fooled = (predicted(logits).cpu() != labels.cpu()).float()
    loss = cross_entropy(logits, labels.to(logits.device)).cpu()
    return [each.view(len(SCALES), STARTS).mean(1).numpy() for each in (fooled, loss)]
