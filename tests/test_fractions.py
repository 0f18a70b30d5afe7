"""8/255 is a number wherever the command line takes one."""

import pytest

from lab.cli.main import UsageError, parser
from lab.cli.options import with_settings
from lab.cli.sweep import variants
from lab.errors import SpecError
from lab.specs import L2, PGD, LossSurface, Masking, RobustnessCurves, TransferMatrix, pgd_training


def test_the_radius_of_an_attack():
    assert parser().parse_args(["attack", "--eps", "8/255"]).eps == 8 / 255


@pytest.mark.parametrize(
    ("spec", "setting", "value"),
    [
        (PGD(), "step_size=2/255", lambda spec: spec.step_size),
        (L2(), "eps=2/255", lambda spec: spec.eps),
        (Masking(), "ball.eps=2/255", lambda spec: spec.ball.eps),
        (RobustnessCurves(), "ball.eps=2/255", lambda spec: spec.eps[-1]),
        (TransferMatrix(), "eps=0.1,2/255", lambda spec: spec.eps[1]),
        (LossSurface(), "pgd.step_size=2/255", lambda spec: spec.pgd.step_size),
        (pgd_training(), "source.attack.step_size=2/255", lambda spec: spec.source.attack.step_size),
    ],
)
def test_any_field_also_inside_others_and_in_a_list(spec, setting, value):
    assert value(with_settings(spec, [setting])) == 2 / 255


def test_the_values_of_a_varied_field_and_the_names_of_its_runs():
    runs = variants("mine", pgd_training(), ["source.attack.step_size=2/255,8/255"])
    assert [each.recipe.source.attack.step_size for each in runs] == [2 / 255, 8 / 255]
    assert [each.name for each in runs] == ["mine-step_size-2_255", "mine-step_size-8_255"]


@pytest.mark.parametrize("text", ["8/0", "8/255/3", "/255", "8/", "eight/255"])
def test_what_is_no_fraction_is_refused_in_words(text):
    with pytest.raises(SpecError, match=r"should be a number such as 0\.3 or 8/255"):
        with_settings(PGD(), [f"step_size={text}"])
    with pytest.raises(UsageError, match=r"should be a number such as 0\.3 or 8/255"):
        parser().parse_args(["attack", "--eps", text])
