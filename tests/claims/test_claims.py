"""The papers' claims: all there, each checked or with a reason, by a rule that made-up numbers obey."""

import json
import math
import shlex

import numpy as np
import pytest

from lab.claims import CheckedClaim, Measures, checked, stored_findings, structure
from lab.claims.claim import ABOVE, BELOW, FAILS, HOLDS, LEFT_OUT, UNSEEN, ClaimPart, registered
from lab.claims.estimates import IntervalEstimate, of_fraction, of_images, of_seeds
from lab.claims.networks import NETWORKS, run_name, untrained
from lab.claims.stored import SHIPPED
from lab.cli.main import parser
from lab.errors import LabError
from lab.specs.spec import params

pytestmark = pytest.mark.usefixtures("home")

CLAIMS = {each.number: each for each in registered()}


def test_all_61_claims_are_there_in_the_order_of_the_papers():
    assert list(CLAIMS) == list(range(1, 62))
    assert "".join(each.paper for each in CLAIMS.values()) == "K" * 20 + "M" * 13 + "T" * 19 + "N" * 9


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda each: each.number)
def test_a_claim_says_what_it_is_and_how_it_is_checked(claim):
    for text in (claim.section, claim.statement, claim.value, claim.how):
        assert text
    assert set(claim.networks) <= set(NETWORKS)
    parser().parse_args(shlex.split(claim.command.removeprefix("python -m lab ")))


def test_at_least_55_are_checked_and_the_others_say_why():
    left_out = [each for each in CLAIMS.values() if each.left_out]
    assert left_out
    assert len(CLAIMS) - len(left_out) >= 55
    for each in left_out:
        with pytest.raises(LabError, match=f"Claim {each.number} is not checked: "):
            checked(each, Measures(lambda _: None))


def part(low: float, high: float, side: str = ABOVE, bound: float = 0.0) -> ClaimPart:
    return ClaimPart("made up", IntervalEstimate((low + high) / 2, low, high), side, bound)


@pytest.mark.parametrize(
    ("low", "high", "side", "bound", "verdict"),
    [
        (0.01, 0.05, ABOVE, 0.0, HOLDS),
        (-0.05, -0.01, ABOVE, 0.0, FAILS),
        (-0.01, 0.05, ABOVE, 0.0, UNSEEN),
        (0.0, 0.0, ABOVE, 0.0, UNSEEN),
        (0.01, 0.04, BELOW, 0.05, HOLDS),
        (0.06, 0.08, BELOW, 0.05, FAILS),
        (0.01, 0.06, BELOW, 0.05, UNSEEN),
        (math.nan, math.nan, ABOVE, 0.0, UNSEEN),
        (-math.inf, math.inf, BELOW, 0.0, UNSEEN),
    ],
)
def test_the_verdict_of_a_part_is_where_its_interval_lies(low, high, side, bound, verdict):
    assert part(low, high, side, bound).verdict == verdict


def test_what_rounds_to_zero_has_no_sign():
    assert part(-0.0001, 0.0001).sentence() == "made up 0.0% (0.0% to 0.0%), claimed above 0.0%"


def test_a_claim_holds_where_every_part_does_and_fails_where_one_is_reversed():
    yes, no, unseen = part(1, 2), part(-2, -1), part(-1, 1)
    assert CheckedClaim(1, (yes, yes)).verdict == HOLDS
    assert CheckedClaim(1, (yes, unseen)).verdict == UNSEEN
    assert CheckedClaim(1, (yes, unseen, no)).verdict == FAILS
    assert CheckedClaim(1, ()).verdict == LEFT_OUT
    assert CheckedClaim(1, (yes, unseen, no)).sentence().startswith("made up -150.0")
    assert CheckedClaim(1, (yes, yes, yes)).sentence().endswith("; 1 more")


def test_seeds_that_disagree_widen_the_interval_and_few_images_do_too():
    agree, disagree = np.full((3, 400), 0.1), np.repeat([[0.0], [0.1], [0.2]], 400, axis=1)
    assert of_images(agree).low == pytest.approx(0.1)
    half = 4.303 * 0.1 / math.sqrt(3)
    assert of_images(disagree).low == pytest.approx(0.1 - half, abs=1e-4)
    assert of_seeds(np.array([0.0, 0.1, 0.2])).high == pytest.approx(0.1 + half, abs=1e-4)
    images = np.tile([0.0, 1.0], 50)
    found = of_images(np.stack([images] * 3))
    assert found.high - found.value == pytest.approx(1.96 * images.std(ddof=1) / 10, abs=1e-3)
    assert (found.seeds, found.images) == (3, 100)
    assert of_seeds(np.array([0.1])).low == -math.inf


def test_no_hits_are_not_proof_of_none():
    none = of_fraction(np.zeros(100, bool))
    assert none.low == 0 < none.high
    assert ClaimPart("hits", none).verdict == UNSEEN


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_differs_from_seed_to_seed_only_by_what_its_name_says(name):
    """A source may be another network of the same seed; everything else is the seed."""
    first, second = (NETWORKS[name].recipe(seed) for seed in (0, 1))
    different = {each for each in params(first) if getattr(first, each) != getattr(second, each)}
    assert different == ({"seed", "source"} if NETWORKS[name].needs else {"seed"})


def test_a_network_comes_after_those_it_is_trained_on():
    names = list(NETWORKS)
    assert any(each.needs for each in NETWORKS.values())
    for name, network in NETWORKS.items():
        assert all(names.index(needed) < names.index(name) for needed in network.needs)


def test_what_is_missing_is_listed_with_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    missing, seconds = untrained(["cascade"], 2)
    expected = [run_name(network, seed) for network in ("step-ll", "cascade") for seed in (0, 1)]
    assert [each.name for each in missing] == expected
    assert seconds == 2 * (NETWORKS["step-ll"].seconds + NETWORKS["cascade"].seconds)


def test_the_shipped_findings_are_of_claims_that_are_checked_and_have_their_verdicts():
    """The file says each part's verdict; the rule that is in the code must still give it."""
    found = stored_findings()
    assert len(found) > 30
    written = {each["claim"]: [part["verdict"] for part in each["parts"]] for each in json.loads(SHIPPED.read_text())}
    for number, finding in found.items():
        assert [each.verdict for each in finding.parts] == written[number]
        assert bool(finding.parts) == (not CLAIMS[number].left_out)


def test_findings_survive_json():
    finding = CheckedClaim(3, (part(0.1, 0.2), part(-math.inf, math.inf)))
    [written] = json.loads(json.dumps(structure([finding]), allow_nan=False))
    assert [each["verdict"] for each in written["parts"]] == [HOLDS, UNSEEN]
    assert written["parts"][1]["low"] is None


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A ``LAB_HOME`` for all, so that what one test measures serves the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.mark.slow
def test_the_command_checks_claims_of_shipped_models(say):
    code, out, err = say("claims --claim 33 --claim 43")
    assert (code, err) == (0, "")
    assert "33  holds  (Madry et al. 2017, Table 1)" in out
    assert "accuracy, black box less white box" in out
    assert "python -m lab attack --model rfgsm-trained" in out
    assert out.splitlines()[-1].startswith("2 claims: ")


@pytest.mark.slow
def test_the_command_prints_and_writes_json(say, tmp_path):
    code, out, _ = say(f"claims --claim 33 --json --save {tmp_path}/found.json")
    [record] = json.loads(out)
    assert (code, record["claim"], record["verdict"]) == (0, 33, HOLDS)
    [part] = record["parts"]
    assert 0 < part["low"] < part["value"] < part["high"] < 1
    [kept] = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert kept["parts"] == record["parts"]


def test_the_shipped_findings_are_printed_without_computing(say):
    code, out, _ = say("claims --stored --paper N --json")
    assert (code, [each["claim"] for each in json.loads(out)]) == (0, list(range(53, 62)))
    assert "61 claims: " in say("claims --stored")[1].splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("claims --paper Q", "Argument --paper: invalid choice: 'Q'"),
        ("claims --claim 62", "There is no claim 62: the claims are numbered 1 to 61.\n"),
        ("claims --paper K --claim 33", "Claim 33 is not one of Kurakin et al. 2017: leave --paper out.\n"),
        ("claims --seeds 1 --claim 33", "--seeds is 1: give a number from 2 to 8, so that seeds can differ.\n"),
    ],
)
def test_what_is_not_there_is_refused_in_one_sentence(say, line, sentence):
    code, out, err = say(line)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert sentence in err
