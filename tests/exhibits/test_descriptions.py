"""Descriptions of the exhibits: complete, in the papers' numbers, and answerable at every scale they are offered at."""

import numpy as np
import pytest

from lab import exhibits
from lab.errors import LabError
from lab.exhibits import EXHIBITS, SCALES, networks
from lab.exhibits.exhibit import effect_in, judged, published, table
from lab.results.exhibit import FAILS, HOLDS, UNSEEN
from lab.specs.analyses import Analysis
from lab.specs.spec import from_json, to_json

NUMBERS = {
    "kurakin": {"table": range(1, 9), "figure": range(1, 6)},
    "tramer": {"table": (1, 2, 4, 6, 7, 8, 9), "figure": range(1, 6)},
    "na": {"table": (1, 2, 3, 4, 8, 9, 10), "figure": (1, 4, 5, 6, 7, 8, 9)},
    "madry": {"table": (1, 2), "figure": range(1, 5)},
}
"""What the papers have, but for lists of networks (Tramèr 3, 5; Na 5 to 7) and drawings (Na's Figures 2 and 3)."""

WITH_VALUES = [each for each in EXHIBITS if each.published is not None]
OFFERED = [(each, scale) for each in EXHIBITS for scale in each.scales]


def test_every_figure_and_table_of_the_papers_is_described_once():
    wanted = {(p, kind, n) for p, kinds in NUMBERS.items() for kind, numbers in kinds.items() for n in numbers}
    assert {(each.paper, each.kind, each.number) for each in EXHIBITS} == wanted
    assert len(EXHIBITS) == len(wanted) == 45


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda each: each.name)
def test_a_description_is_complete(exhibit):
    assert exhibit.title
    assert exhibit.caption.endswith(".")
    assert exhibit.full.endswith((".", "--scale mnist."))
    assert exhibit.claims
    assert exhibit.scales
    for claim in exhibit.claims:
        assert not claim.sentence.removesuffix("l.l.").removesuffix("rnd.").endswith(".")
        assert claim.where
        assert claim.tolerance > 0


@pytest.mark.parametrize("exhibit", WITH_VALUES, ids=lambda each: each.name)
def test_every_claim_holds_in_the_papers_own_values(exhibit):
    """A claim that the paper's table does not bear out has been misread, or is checked the wrong way round."""
    for claim in exhibit.claims:
        assert effect_in(claim, exhibit.published.at) > 0, claim.sentence


@pytest.mark.parametrize(("exhibit", "scale"), OFFERED, ids=lambda each: getattr(each, "name", each))
def test_what_is_asked_is_within_the_limits_of_the_analyses(exhibit, scale):
    for spec in exhibit.ask(SCALES[scale]).values():
        assert isinstance(spec, Analysis)
        assert from_json(to_json(spec)) == spec
    for name in exhibit.networks:
        networks.find(name)


@pytest.mark.parametrize(("exhibit", "scale"), OFFERED, ids=lambda each: getattr(each, "name", each))
def test_a_network_whose_training_diverges_is_neither_trained_nor_measured(exhibit, scale):
    diverging = exhibit.diverging.get(scale, ())
    assert set(diverging) < set(exhibit.networks)
    assert set(exhibit.needed(SCALES[scale])) == set(exhibit.networks) - set(diverging)
    asked = "".join(to_json(each) for each in exhibit.ask(SCALES[scale]).values())
    for name in diverging:
        assert networks.model(name, SCALES[scale]).name not in asked


@pytest.mark.parametrize("network", networks.every(), ids=lambda each: each.name)
def test_every_network_has_a_recipe_at_the_scales_of_digits(network):
    for scale in ("digits", "mnist"):
        recipe = network.build(SCALES[scale])
        assert from_json(to_json(recipe)) == recipe
    for each in network.after:
        networks.find(each)


def test_the_values_are_those_of_the_papers():
    """Cells from every corner of the tables, typed again from the papers."""
    at = {each.short: each.published.at for each in WITH_VALUES}
    assert at["K1"]("Adv. training, top 1", "ε = 8") == 74.5
    assert at["K2"]("Iter. l.l., adv. training, top 1", "ε = 2") == 29.1
    assert at["K3"]("FGSM, label leaking, top 1", "ε = 8") == 88.7
    assert at["K4"]("top 1, source A", "FGSM · C") == 58
    assert at["K8"]("Adv, k = 16", "ε = 8") == 76.1
    assert at["T1"]("v3adv", "Top 1 · v4") == 36.3
    assert at["T2"]("R+Step-LL", "Top 1 · v3adv") == 64.8
    assert at["T4"]("IRv2adv-ens", "Top 1 · Max. Black-Box") == 27.0
    assert at["T6"]("Ratio", "D_adv") == 16
    assert at["T7"]("B*_adv", "white-box · R+FGSM") == 40.6
    assert at["T8"]("C_adv-ens3", "Max. Black Box") == 14.5
    assert at["N1"]("R20K", "iter FGSM · R20K2") == 28.5
    assert at["N2"]("R20MP", "iter FGSM") == 88.9
    assert at["N3"]("R110P,C", "iter FGSM · ε = 4") == 42.5
    assert at["M1"]("PGD, 100 steps, 20 restarts, source A", "accuracy") == 89.3
    assert at["M2"]("PGD, 20 steps, source A", "accuracy") == 45.8


@pytest.mark.parametrize("name", ["T7", "t7", "T-7", "tramer.table7"])
def test_an_exhibit_has_a_name_and_a_short_one(name):
    assert exhibits.find(name).name == "tramer.table7"


@pytest.mark.parametrize("name", ["TF2", "t-f2", "tramer.figure2"])
def test_a_figure_is_told_from_a_table(name):
    assert exhibits.find(name).label == "Tramèr et al. 2018, Figure 2"


def test_names_are_not_shared():
    names = [name for each in EXHIBITS for name in (each.name, each.short.lower())]
    assert len(set(names)) == len(names)


def test_what_is_unknown_or_not_offered_is_refused_in_a_sentence():
    with pytest.raises(LabError, match="no exhibit called 'T77'"):
        exhibits.find("T77")
    with pytest.raises(LabError, match="no paper called 'Q'"):
        exhibits.of_paper("Q")
    with pytest.raises(LabError, match=r"offered at cifar, not at 'digits' \(it is about colour images\)"):
        exhibits.find("M2").require_scale("digits")
    with pytest.raises(LabError, match="offered at digits or mnist, not at 'cifar'"):
        exhibits.find("K1").require_scale("cifar")


def test_a_claim_is_judged_by_its_sign_and_by_what_the_images_leave_open():
    claim = exhibits.Claim("A is above B", "§1", lambda v: v("A", "x") - v("B", "x"), tolerance=5)
    paper = published({"A": (60,), "B": (50,)}, ("x",))

    def found(a: float, b: float, half: float):
        return judged(claim, table({"A": [(a, a - half, a + half)], "B": [b]}, ("x",)), paper)

    assert found(62, 50, 3).in_kind == HOLDS
    assert found(62, 50, 3).in_size is True
    assert found(80, 50, 3).in_size is False
    assert found(52, 50, 3).in_kind == UNSEEN
    assert found(40, 50, 3).in_kind == FAILS
    assert found(np.nan, 50, 3).in_kind == UNSEEN
    assert found(62, 50, 3).error == pytest.approx(3)
    assert judged(claim, table({"A": [1], "B": [0]}, ("x",)), None).in_size is None
    assert judged(claim, table({"A": [1]}, ("x",)), paper).in_kind == UNSEEN


def test_a_missing_network_comes_after_those_it_is_trained_with(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    runs = [each.name for each in networks.missing(["A_adv-ens3", "A"], SCALES["digits"])]
    assert runs == ["digits-v4", "digits-ResNet", "digits-A_adv-ens3"]
    trained = []
    networks.ensure(["A_adv-ens3"], SCALES["digits"], trained.append)
    assert [each.name for each in trained] == runs
