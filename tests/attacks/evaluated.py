"""Evaluations of models on the test digits."""

from lab.attacks.evaluation import evaluate
from lab.data import load as load_data
from lab.models import load as load_model
from lab.results.evaluation_verdict import ROBUST, verdict
from lab.specs import Digits, Linf, Trained

BALL = Linf(0.2)
ROBUST_SHOWN = 5  # images that withstand, beside those that can be broken


def digits(n):
    test = load_data(Digits()).test
    return test.images(range(n)), test.labels(range(n))


def evaluated(model, n=40, ball=BALL, **more):
    return evaluate(model, *digits(n), ball, sources=[("standard-b", load_model(Trained("standard-b")))], **more)


def failed(result):
    return {each.kind for each in result.checks if each.state == "failed"}


def broken_and_robust(network, ball):
    """The test digits that are broken in so small a ball, and the first few that are not.

    A defence around the network can hide the first ones only; all others cost the most and tell nothing.
    """
    x, y = digits(40)
    truth = evaluate(network, x, y, ball)
    assert verdict(truth).kind == ROBUST
    images = [*(~truth.robust).nonzero()[0], *truth.robust.nonzero()[0][:ROBUST_SHOWN]]
    return x[images], y[images]
