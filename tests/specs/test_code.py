"""Specs as Python: the lines make the spec again."""

import pytest

from lab.specs import L2, PGD, Explore, Margin, Restarts, Trained, WorstCase, pgd_training
from lab.specs.code import code, imports

MANY = Restarts(
    models=(Trained("standard"), Trained("pgd-trained"), Trained("fgsm-trained")),
    images=(0, 5, 9),
    attack=PGD(steps=7, objective=Margin(kappa=3.0), restarts=20),
    ball=L2(2.5),
)


@pytest.mark.parametrize("spec", [Restarts(), MANY, Explore(attack=WorstCase()), pgd_training(epochs=3)])
def test_the_lines_make_the_spec(spec):
    scope: dict[str, object] = {}
    exec("\n".join(imports(spec)), scope)
    assert eval(code(spec), scope) == spec
    assert max(map(len, code(spec).splitlines())) <= 110


def test_what_the_packages_face_does_not_offer_is_imported_from_its_module(monkeypatch):
    monkeypatch.delattr("lab.specs.Margin")
    lines = imports(MANY)
    assert "from lab.specs.attacks import Margin" in lines
    assert not [each for each in lines if "Margin" in each and each.startswith("from lab.specs import")]


def test_defaults_are_left_out():
    assert code(Restarts(attack=PGD(steps=7))) == "Restarts(attack=PGD(steps=7))"
