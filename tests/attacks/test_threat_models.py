"""What an attack declares about threat models is what it does: it runs in its own kinds of ball and in no other."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge
from lab.context import Context
from lab.errors import AttackError
from lab.specs import AttackSpec, Ball
from lab.specs.explore import shortened
from lab.specs.spec import family_of

BALLS = [kind() for kind in family_of(Ball)]


@pytest.fixture(scope="module")
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).eval()


def quick(attack: AttackSpec) -> AttackSpec:
    spec = shortened(attack)
    cut = {"steps": 2, "queries": 30, "searches": 1, "directions": 4, "tries": 2}
    changes = {name: most for name, most in cut.items() if hasattr(spec, name)}
    if stages := getattr(spec, "attacks", ()):
        changes["attacks"] = tuple(quick(each) for each in stages)
    return spec.replace(**changes)


@pytest.mark.parametrize("kind", family_of(AttackSpec), ids=lambda kind: kind.__name__)
def test_an_attack_runs_in_its_own_threat_models_only(kind, model):
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    y = model(x).argmax(1)
    for ball in BALLS:
        spec = quick(kind())
        if isinstance(ball, spec.balls):
            judge(x, y, attack(spec, model, x, y, ball, Context()), model, ball)
        else:
            with pytest.raises(AttackError):
                judge(x, y, attack(spec, model, x, y, ball, Context()), model, ball)
