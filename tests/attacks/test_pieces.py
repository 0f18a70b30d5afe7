"""Long stages are kept piece by piece, so that an interruption loses little, and never change by it."""

import numpy as np
import pytest

from lab.attacks import evaluation, rounds
from lab.attacks.evaluation import evaluate
from lab.context import Cancelled
from lab.data import load as load_data
from lab.models import load as load_model
from lab.specs import FGSM, Digits, Linf, Trained
from lab.specs.auto_attack import APGD, APGDTargeted
from lab.specs.stages import Planned

BALL = Linf(0.15)
PLANNED = (
    Planned("FGSM", FGSM(), 1),
    Planned("APGD-CE", APGD(steps=10), 10),
    Planned("APGD-T", APGDTargeted(steps=10, targets=2), 20),
)


class Interrupting:
    """Where pieces are kept; after so many there is an interruption."""

    def __init__(self, pieces, most):
        self.pieces, self.most, self.written = pieces, most, []
        self.read = pieces.get

    def write(self, name, block):
        self.pieces[name] = block
        self.written.append(name)
        if len(self.written) == self.most:
            raise Cancelled


def evaluated(at_once, kept=None):
    test = load_data(Digits()).test
    model = load_model(Trained("rfgsm-trained"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "WORTH_KEEPING", 0.0)
        patch.setattr(evaluation, "stages", lambda *_: PLANNED)
        patch.setattr(rounds, "AT_ONCE", at_once)
        return evaluate(model, test.images(range(4)), test.labels(range(4)), BALL, kept=kept)


@pytest.fixture(scope="module")
def whole():
    """What is found with every stage in one piece, and the pieces kept."""
    kept = Interrupting({}, -1)
    return evaluated(1e9, kept), kept


@pytest.mark.slow
def test_a_stage_that_takes_long_is_kept_in_pieces_and_finds_the_same(whole):
    kept, (truth, _) = Interrupting({}, -1), whole
    pieces = evaluated(1e-9, kept)
    np.testing.assert_array_equal(truth.broken_by, pieces.broken_by)
    assert [len(each.images) for name, each in kept.pieces.items() if name.startswith("1 APGD-CE")] == [1] * int(
        pieces.stages[1].attacked.sum()
    )


@pytest.mark.slow
def test_a_fast_stage_is_one_piece(whole):
    found, kept = whole
    assert len(kept.pieces) == len(found.stages)


@pytest.mark.slow
@pytest.mark.parametrize("most", [pytest.param(1, marks=pytest.mark.slow), 6])
def test_an_interruption_loses_one_piece_and_changes_nothing(whole, most):
    """Resumed with pieces of another size, as on a machine that is faster by then."""
    kept, (truth, _) = {}, whole
    interrupted = Interrupting(kept, most)
    with pytest.raises(Cancelled):
        evaluated(1e-9, interrupted)
    before = dict(kept)
    resumed = Interrupting(kept, -1)
    found = evaluated(1e9, resumed)
    np.testing.assert_array_equal(found.broken_by, truth.broken_by)
    assert not set(resumed.written) & set(before)
    assert sum(each.passes for each in found.stages) > 0
