"""Radii and measured lengths in words."""

import pytest

from lab.specs import L2, Linf
from lab.specs.threat import length, radius, threat


@pytest.mark.parametrize(
    ("eps", "words"), [(0.3, "0.3"), (8 / 255, "8/255"), (0.2, "0.2"), (1 / 255, "1/255"), (0, "0")]
)
def test_a_radius_is_written_as_the_field_does(eps, words):
    assert radius(eps) == words
    assert threat(Linf(eps)) == f"L∞, ε = {words}"


@pytest.mark.parametrize(
    ("value", "ball", "words"),
    [
        (0.2957, Linf(0.3), "0.296"),
        (7.9 / 255, Linf(8 / 255), "7.9/255"),
        (0.25 / 255, Linf(2 / 255), "0.25/255"),
        (0.0314, Linf(0.1), "0.0314"),  # small, and yet not in grey levels, because its ball is not
        (0.0, Linf(8 / 255), "0"),
        (0.4871, L2(0.5), "0.487"),
        (1.93, L2(2.0), "1.93"),
    ],
)
def test_a_measured_length_is_written_as_the_radius_of_its_ball(value, ball, words):
    assert length(value, ball) == words
