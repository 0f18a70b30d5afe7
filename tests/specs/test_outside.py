"""An attack and a recipe from outside the repository: what they state is used everywhere, what they do not is named."""

import subprocess
import sys

import pytest

STATED = '''
from dataclasses import dataclass

import torch

from lab.attacks.attack import ascend
from lab.attacks.ball import project
from lab.attacks.each import maximise_each
from lab.cost import Effort, effort
from lab.specs import Explore, Linf, PGD, Recipe, WorstCase, crossing, param
from lab.specs.attacks import AttackSpec, attack_titles
from lab.specs.capabilities import NORM_BALLS, Capabilities
from lab.specs.pace import Pace, pace


@dataclass(frozen=True)
class Brighter(AttackSpec, title="Brighter and brighter"):
    """Every pixel a little brighter, again and again."""

    rounds: int = param(500, 1, 1000, "rounds", brief=20)
    gamma: float = param(0.001, 0.0, 1.0, "how much brighter in a round", label="γ")

    @property
    def capabilities(self):
        return Capabilities(
            balls=NORM_BALLS, gradient=False, deterministic=True, eps_per_image=True, retried=False, to_cross=1
        )


@ascend.register
def brighter(spec: Brighter, model, x, y, ball, ctx):
    return project(ball, x + spec.rounds * spec.gamma, x)


@effort.register
def _(attack: Brighter, asked):
    return Effort(0)


@pace.register
def _(attack: Brighter, eps):
    return Pace(attack.rounds, attack.gamma)


@dataclass(frozen=True)
class Gentle(Recipe, title="Gentle training"):
    """Trained against what no other recipe is."""

    radius: float = param(0.1, 0.0, 1.0, "ε")

    @property
    def trained_against(self):
        return Linf(self.radius)

    @property
    def fixed(self):
        return None


from lab.cli import main
from widgets.dashboards.explore.cards import needs
from widgets.dashboards.studio.runs import summary
from widgets.parts.forms import Form

[options] = [part.kind.options for name, part in Form(Explore()).parts.items() if name == "attack"]
assert [each["label"] for each in options].count("Brighter and brighter") == 1
assert Form(Brighter()).parts["gamma"].label == "γ"
assert attack_titles((Brighter(), Brighter(rounds=7)))[1] == "Brighter and brighter (rounds 7)"
assert Brighter(rounds=20) in Explore().compared
assert needs(Brighter(), Linf(0.1)) is None
assert crossing(Brighter(rounds=3), Linf(0.1)).startswith("3 steps of 0.001 go 0.003 far, but from the image the edge")
assert crossing(WorstCase((Brighter(),)), Linf(0.1)) == ""
x, eps = torch.zeros(2, 1, 2, 2), torch.tensor([0.1, 0.2])
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))
found = maximise_each(Brighter(), model, x, torch.zeros(2, dtype=torch.int64), Linf(0.3), eps)
assert found.amax((1, 2, 3)).allclose(eps)
assert WorstCase((Brighter(), PGD())).capabilities.eps_per_image
title, against, *_ = summary(Gentle()).split(" · ")
assert title == "Gentle training"
assert against.startswith("L∞")
assert against.endswith("0.1")
main(["list", "attacks"])
main(["list", "recipes"])
'''

UNSTATED = '''
from dataclasses import dataclass

from lab.cost import Asked, cost, effort
from lab.datafiles import Outline
from lab.errors import SpecError
from lab.specs import Linf, Recipe, WorstCase
from lab.specs.attacks import AttackSpec
from lab.specs.spec import title_of


@dataclass(frozen=True)
class Mute(AttackSpec):
    """An attack that states nothing."""


@dataclass(frozen=True)
class Dumb(Recipe):
    """A recipe that states nothing."""


asked = Asked(Outline((1, 8, 8), 3, 5, 5), Linf(0.1))
for ask in (
    lambda: title_of(Mute()),
    lambda: Mute().capabilities,
    lambda: WorstCase((Mute(),)).balls,
    lambda: effort(Mute(), asked),
    lambda: title_of(Dumb()),
    lambda: Dumb().trained_against,
    lambda: Dumb().fixed,
    lambda: cost(Dumb()),
):
    try:
        print("guessed:", ask())
    except SpecError as error:
        print(error)
'''


def ran(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_what_an_outside_attack_and_recipe_state_is_used_everywhere():
    listed = ran(STATED)
    assert "Brighter: Every pixel a little brighter, again and again." in listed
    assert "Gentle: Trained against what no other recipe is." in listed


def test_what_an_outside_attack_or_recipe_does_not_state_is_named():
    lines = ran(UNSTATED).splitlines()
    words = ["no title", "capabilities", "capabilities", "cost", "no title", "trained_against", "fixed", "cost"]
    assert len(lines) == len(words)
    for line, kind, word in zip(lines, ["Mute"] * 4 + ["Dumb"] * 4, words, strict=True):
        assert line.startswith(f"{kind} ")
        assert word in line
