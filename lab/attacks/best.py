"""The best of several proposals, image by image."""

import torch
from torch import Tensor


class Best:
    """The proposals that reached most so far: ``x_adv`` (n, …), and ``reached`` (n,), -inf where there is none."""

    def __init__(self, x: Tensor) -> None:
        self.x_adv = x.clone()
        self.reached = torch.full((len(x),), -torch.inf, dtype=x.dtype, device=x.device)

    def offer(self, x_adv: Tensor, reached: Tensor) -> None:
        """Keep those of the proposals, one for each image, that reach more than the ones before."""
        better = reached > self.reached  # never where one is not a number
        self.x_adv = torch.where(better.view(-1, *[1] * (x_adv.dim() - 1)), x_adv, self.x_adv)
        self.reached = torch.where(better, reached, self.reached)

    def offer_some(self, owner: Tensor, x_adv: Tensor, reached: Tensor) -> None:
        """As :meth:`offer`, with any number of proposals for each image, whose position is in ``owner``."""
        reached = reached.nan_to_num(-torch.inf, torch.inf, -torch.inf)  # what is not a number reached nothing
        highest = self.reached.scatter_reduce(0, owner, reached, "amax")
        better = (reached == highest[owner]) & (reached > self.reached[owner])
        self.x_adv[owner[better]] = x_adv[better]
        self.reached = highest
