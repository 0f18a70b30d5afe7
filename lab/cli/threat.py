"""``--norm`` and ``--eps``: the threat model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from lab import datafiles
from lab.cli.options import number
from lab.errors import quoted
from lab.specs.balls import Ball
from lab.specs.data import DataSpec
from lab.specs.opening import on_data
from lab.specs.spec import Spec, spec_named


def add_ball(parser: argparse.ArgumentParser, kinds: Sequence[type[Spec]]) -> None:
    """The norm, of these kinds, and how far an adversary may go in it."""
    norms = [each.__name__ for each in kinds]
    known = " or ".join(norms)

    def norm(text: str) -> str:
        found = [each for each in norms if each.lower() == text.lower()]
        if not found:
            raise argparse.ArgumentTypeError(f"should be {known}, not {quoted(text)}")
        return found[0]

    parser.add_argument("--norm", type=norm, default="Linf", metavar="NORM", help=f"{known} (default: Linf)")
    parser.add_argument("--eps", type=number, help="radius of the threat model, black to white being 1")


def ball_of(options: argparse.Namespace, data: DataSpec) -> Ball:
    """The threat model that the options name, by default with the radius that the data open with.

    Raises :class:`SpecError` for a radius that its norm does not admit.
    """
    ball = on_data(spec_named(Ball, options.norm)(), datafiles.opening(data))
    return ball if options.eps is None else ball.replace(eps=options.eps)
