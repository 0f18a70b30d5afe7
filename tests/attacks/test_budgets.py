"""The quick budget beside the standard one on shipped models: a first look may be dear, but not far off."""

import pytest

from lab.attacks import evaluate
from lab.catalogue import find_data
from lab.data import load
from lab.models import load as load_model
from lab.specs import L2, Linf, Trained
from lab.specs.evaluation import QUICK, STANDARD

POINT = 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "ball"),
    [
        ("pgd-trained", L2(1.0)),
        ("ensemble-trained", L2(1.0)),
        ("flat-kurakin", L2(1.0)),
        ("pgd-trained", Linf(0.3)),
        ("trades-trained", Linf(0.1)),
    ],
    ids=str,
)
def test_quick_is_within_a_point_of_standard(name, ball):
    data = load(find_data("digits"))
    x, y = data.test.images(range(300)), data.test.labels(range(300))
    model = load_model(Trained(name)).eval()
    quick, standard = (evaluate(model, x, y, ball, budget).robust_accuracy for budget in (QUICK, STANDARD))
    assert quick - standard <= POINT
