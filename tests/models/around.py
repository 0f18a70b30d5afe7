"""Models that run a plain one, and do something before or after, as users' models do."""

from torch import nn

from tests.models.small import net


class Around(nn.Module):
    """A model that does something with a plain one; a parameter of its own tells its type."""

    def __init__(self, run, inner=None):
        super().__init__()
        self.inner = net() if inner is None else inner
        self.run = run

    def forward(self, pixels):
        return self.run(self.inner, pixels)


def plain():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 5))


def at_least_two(inner, pixels):
    if len(pixels) == 1:
        raise RuntimeError("more than one, please")
    return inner(pixels)
