"""``--norm`` without ``--eps``: the radius that is usual on the data in that norm."""

import argparse

import pytest

from lab.cli.threat import add_ball, ball_of
from lab.specs import CIFAR10, L2, SVHN, Digits, FashionMNIST, Linf
from lab.specs.capabilities import NORM_BALLS


@pytest.mark.parametrize(
    ("line", "data", "ball"),
    [
        ("--norm L2", CIFAR10(), L2(0.5)),
        ("--norm L2", SVHN(), L2(0.5)),
        ("--norm L2", Digits(), L2()),
        ("--norm L2", FashionMNIST(), L2()),
        ("--norm L2 --eps 2", CIFAR10(), L2(2.0)),
        ("", CIFAR10(), Linf(8 / 255)),
        ("", FashionMNIST(), Linf(0.1)),
        ("", Digits(), Linf()),
    ],
)
def test_the_radius_is_the_usual_one_of_the_data_unless_it_is_given(line, data, ball):
    parser = argparse.ArgumentParser()
    add_ball(parser, NORM_BALLS)
    assert ball_of(parser.parse_args(line.split()), data) == ball
