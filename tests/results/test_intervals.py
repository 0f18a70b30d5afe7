"""Intervals of fractions against their published form."""

import numpy as np
import pytest

from lab.results.intervals import interval_of, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, Table I, method 3 (score without continuity correction).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilson_s(hits, of, low, high):
    found = wilson(np.array(hits), np.array(of))
    np.testing.assert_allclose(found, (low, high), atol=5e-5)


def test_the_interval_of_nothing_is_none():
    assert np.isnan(wilson(np.array([0]), np.array([0]))).all()


def test_the_interval_of_images_is_that_of_their_counts():
    low, high = interval_of(np.array([[True] * 8 + [False] * 2]))
    assert (low[0], high[0]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
