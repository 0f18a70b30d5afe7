"""Search over candidate images: the worst of many for each image, as many at once as fill a batch."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks.batches import batch_size, room
from lab.attacks.objectives import predicted, value
from lab.context import Context
from lab.specs.attacks import Objective

Make = Callable[[Tensor, Tensor], Tensor]
"""The candidates (p, …) that stand at given places (p,) in the lists of given images (p,)."""


class CandidateSearch:
    """Worst candidate of every image so far: in a verdict the first misclassified one, else that of the largest loss.

    ``best`` (n, …) starts as the images themselves; ``standing`` (k,) are those to search on.
    """

    def __init__(self, model: nn.Module, x: Tensor, y: Tensor, objective: Objective, verdict: bool) -> None:
        self.best, self._model, self._y, self._objective, self._verdict = x.clone(), model, y, objective, verdict
        with torch.no_grad():
            logits = model(x)
        self._highest = value(objective, logits, y)
        self.standing = torch.arange(len(x), device=x.device)
        if verdict:
            self.standing = self.standing[predicted(logits) == y]

    def among(self, candidates: range, make: Make, ctx: Context) -> None:
        """Try these candidates of every image left, in their order."""
        left = candidates
        while left and len(self.standing):
            ctx.report(len(candidates) - len(left), len(candidates), unbroken=len(self.standing))
            size = max(1, min(batch_size(self.best.device), room(self._model, self.best)) // len(self.standing))
            now, left = left[:size], left[size:]
            places = torch.tensor(now, device=self.best.device).repeat(len(self.standing))
            self._try(self.standing.repeat_interleave(len(now)), places, make)
        ctx.report(1, 1)

    def _try(self, image: Tensor, place: Tensor, make: Make) -> None:
        shown = make(image, place)
        with torch.no_grad():
            logits = self._model(shown)
        reached = value(self._objective, logits, self._y[image]).view(len(self.standing), -1)
        reached = reached.nan_to_num(-torch.inf, torch.inf, -torch.inf)  # what is not a number reached nothing
        misclassified = (predicted(logits) != self._y[image]).view_as(reached)
        if self._verdict:  # a misclassified candidate beats all others, and the first one all other misclassified ones
            reached = torch.where(misclassified.cumsum(1).eq(1) & misclassified, torch.inf, reached)
        highest, which = reached.max(1)
        better = highest > self._highest[self.standing]
        row = torch.arange(len(which), device=which.device) * reached.shape[1] + which
        chosen = self.standing[better]
        self.best[chosen], self._highest[chosen] = shown[row[better]], highest[better]
        if self._verdict:
            self.standing = self.standing[~misclassified.any(1)]
