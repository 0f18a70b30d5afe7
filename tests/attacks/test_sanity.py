"""When sanity checks fail: how much is too much, and what need not be tried because it could not tell."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from lab.attacks import sanity
from lab.attacks.standing import Standing
from lab.context import Context
from lab.results.evaluation_checks import sentence
from lab.results.masking_verdict import SIGNIFICANT, luck
from lab.specs import Linf
from lab.specs.stages import Depth


def rounds(n, gains):
    """An evaluation of n images, all left, whose further attacks break so many of the images tried, one by one call."""
    x, y = torch.rand(n, 1, 2, 2), torch.zeros(n, dtype=torch.long)
    standing = Standing(x, y, Linf(0.1), torch.tensor([[1.0, 0.0]]).repeat(n, 1))
    tried = []

    def run(planned, images):
        standing.broken_by[images[: gains[len(tried)]]] = 0
        tried.append(len(images))

    return SimpleNamespace(
        standing=standing,
        depth=Depth(50, 20, 10),
        sample=lambda images: images[:50],
        run=run,
        tried=tried,
        ctx=Context(),
    )


@pytest.mark.parametrize(
    ("n", "gain", "state"),
    [
        (1000, 0, "passed"),
        (1000, 4, "unclear"),  # of the 50 nearest, as of an MNIST model that is robust: 0.4 points
        (1000, 10, "unclear"),
        (1000, 11, "failed"),
        (60, 2, "unclear"),
        (60, 3, "failed"),
    ],
)
def test_further_restarts_fail_where_they_gain_more_than_a_point(n, gain, state):
    some = rounds(n, [gain, 1])
    check = sanity.converged(some)
    assert (check.state, check.images) == (state, 50)
    assert some.tried == ([50, n - 50] if state == "failed" else [50])
    assert check.reference - check.value == pytest.approx((gain + (state == "failed")) / n, abs=1e-6)


@pytest.mark.parametrize("check", [sanity.converged, sanity.monotone, sanity.unbounded, sanity.noise])
def test_where_no_image_is_left_a_check_is_not_needed_instead_of_passed(check):
    broken = rounds(4, [])
    broken.standing.broken_by[:] = 0
    found = check(broken)
    assert (found.state, found.images, broken.tried) == ("not needed", 0, [])
    assert sentence(found) == "Not needed: the attacks before had left no image to try."


def test_shorter_steps_are_left_out_only_where_they_could_not_tell():
    """Whatever they would break, the sign test would find nothing."""
    draw = np.random.default_rng(0)
    skipped = 0
    for left in range(12):
        full = np.arange(40) >= left
        assert sanity._can_tell(~full) == (luck(np.ones(40, bool), full) < SIGNIFICANT)
        if not sanity._can_tell(~full):
            skipped += 1
            for _ in range(50):
                assert luck(draw.random(40) < draw.random(), full) >= SIGNIFICANT
    assert 0 < skipped < 12
