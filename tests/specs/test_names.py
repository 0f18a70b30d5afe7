"""Models beside each other have names that tell them apart."""

import pytest

from lab.specs import Custom, Trained, from_json, to_json
from lab.specs.models import name_of, names_of

NET = "nets:build"


@pytest.mark.parametrize(
    ("models", "names"),
    [
        ((Trained("a"), Trained("b")), ("a", "b")),
        ((Custom(NET),), (NET,)),
        ((Custom(NET), Custom("nets:other")), (NET, "nets:other")),
        ((Custom(NET, "w.pt"), Custom(NET, "v.pt")), ("nets:build (w.pt)", "nets:build (v.pt)")),
        ((Custom(NET), Custom(NET, "v.pt")), (NET, "nets:build (v.pt)")),
        ((Custom(NET, "/a/w.pt"), Custom(NET, "/b/w.pt")), ("nets:build (a/w.pt)", "nets:build (b/w.pt)")),
        ((Custom(NET, "/a/x/w.pt"), Custom(NET, "/b/x/w.pt")), ("nets:build (a/x/w.pt)", "nets:build (b/x/w.pt)")),
        ((Custom(NET, "w.pt"), Custom(NET, "b/w.pt")), ("nets:build (w.pt)", "nets:build (b/w.pt)")),
        ((Custom(NET, "/a/w.pt", "mine"), Custom(NET, "/b/w.pt", "mine")), ("mine (a/w.pt)", "mine (b/w.pt)")),
        ((Custom(NET, "/a/w.pt", "old"), Custom(NET, "/b/w.pt", "new")), ("old", "new")),
        ((Trained("mine"), Custom(NET, "", "mine")), ("mine", "mine #2")),
        ((Trained("a"), Trained("a")), ("a", "a")),
    ],
)
def test_different_models_never_have_one_name(models, names):
    assert names_of(models) == names


def test_a_name_is_kept_with_the_model_and_makes_no_other_model_of_it():
    named = Custom(NET, "w.pt", "mine")
    assert named == Custom(NET, "w.pt")
    assert name_of(from_json(to_json(named))) == "mine"
    assert from_json('{"spec": "Custom", "builder": "nets:build", "weights": ""}') == Custom(NET)
