"""Query interface of the model for an interactive adversary: images in, outputs out, every query counted."""

from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from lab.attacks.attack import ascend, perturb
from lab.attacks.batches import batch_size, in_batches, room
from lab.attacks.checks import taken
from lab.attacks.gradient import device_of
from lab.attacks.objectives import predicted
from lab.context import Context
from lab.errors import AttackError
from lab.models.adapter import adapted
from lab.specs.balls import Ball
from lab.specs.query import QueryAttack


class Queries:
    """A model behind its query interface. Tramèr et al. 2018, App. A, Definition 4.

    ``count`` (n,) is the number of queries made so far on behalf of each of n images. ``returns`` is what an answer
    holds: 'scores', the model's outputs, or 'labels', the predicted class alone.
    """

    def __init__(self, model: nn.Module, images: int, returns: str = "scores") -> None:
        self.count = torch.zeros(images, dtype=torch.long)
        self._model = model
        self._returns = returns
        self._known_to_score = False
        self._most = 0  # points predicted at once, once that is known

    def scores(self, x: Tensor, image: Tensor) -> Tensor:
        """(k, classes) scores of k points, each a query on behalf of an image (k,). Raises as :meth:`predict` does."""
        self.note(image, torch.ones_like(image))
        return self.predict(x)

    def note(self, image: Tensor, queries: Tensor) -> None:
        """Count so many queries (k,) on behalf of these images (k,)."""
        self.count.index_add_(0, image.cpu(), queries.cpu())

    def labels(self, x: Tensor, image: Tensor) -> Tensor:
        """(k,) predicted classes of k points, each a query on behalf of an image (k,)."""
        self.note(image, torch.ones_like(image))
        return predicted(self._answers(x))

    def predict(self, x: Tensor) -> Tensor:
        """(k, classes) scores of k points, which are not counted as queries.

        Raises :class:`AttackError` when the first scores name nothing but the predicted label.
        """
        answers = self._answers(x)
        if self._returns == "labels":
            answers = one_hot(answers.argmax(1), answers.shape[1]).to(answers.dtype)
        if not self._known_to_score:
            _check_scores(answers)
            self._known_to_score = True
        return answers

    def _answers(self, x: Tensor) -> Tensor:
        self._most = self._most or min(batch_size(x.device), room(self._model, x))
        with torch.no_grad():
            parts = [self._model(part) for part in x.split(self._most)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


@dataclass(frozen=True, eq=False)
class Target:
    """Target of an attack by queries: images (n, …), labels (n,), the ball and the query interface.

    With ``verdict``, an image is done once it is misclassified. ``start`` (n, …): points where a search that takes
    them begins.
    """

    queries: Queries
    x: Tensor
    y: Tensor
    ball: Ball
    verdict: bool
    start: Tensor | None = None

    def standing(self) -> Tensor:
        """(k,) the images to attack: for a verdict those that the model classifies correctly, otherwise all."""
        everyone = torch.arange(len(self.x), device=self.x.device)
        return self.still_standing(everyone, self.queries.scores(self.x, everyone))[0] if self.verdict else everyone

    def still_standing(self, image: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """The images of these scores that are not done, and their scores."""
        if not self.verdict:
            return image, scores
        keep = predicted(scores) == self.y[image]
        return image[keep], scores[keep]


@singledispatch
def by_queries(spec: QueryAttack, target: Target, ctx: Context) -> Tensor:
    """One batch of an attack by queries."""
    raise AttackError(f"There is no attack by queries called {type(spec).__name__}.")


def attack_counting(
    spec: QueryAttack, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context | None = None
) -> tuple[Tensor, Tensor]:
    """:func:`lab.attacks.attack` and, for each image, how many queries (n,) it took."""
    ctx, model = ctx or Context(), adapted(model)
    x, y = taken(x, y, device_of(model))
    counts = torch.zeros(len(x), dtype=torch.long)

    def propose(model: nn.Module, x: Tensor, y: Tensor, ball: Ball, part: Context) -> Tensor:
        queries = Queries(model, len(x), spec.sees)
        x_adv = by_queries(spec, Target(queries, x, y, ball, verdict=True), part)
        first = part.first - ctx.first
        counts[first : first + len(x)] = queries.count
        return x_adv

    return in_batches(propose, model, x, y, ball, ctx), counts


@perturb.register
def query_verdict(spec: QueryAttack, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """Queries until the image is misclassified or the attack is over."""
    return by_queries(spec, Target(Queries(model, len(x), spec.sees), x, y, ball, verdict=True), ctx)


@ascend.register
def query_largest(spec: QueryAttack, model: nn.Module, x: Tensor, y: Tensor, ball: Ball, ctx: Context) -> Tensor:
    """Queries until the attack is over."""
    return by_queries(spec, Target(Queries(model, len(x), spec.sees), x, y, ball, verdict=False), ctx)


def _check_scores(answers: Tensor) -> None:
    ones, zeros = (answers == 1).sum(1), (answers == 0).sum(1)
    if ((ones == 1) & (zeros == answers.shape[1] - 1)).all():
        raise AttackError(
            "The queries return only the predicted label, but this attack works with scores: "
            "let the queries return scores, choose RayS, or transfer an attack from another model."
        )
