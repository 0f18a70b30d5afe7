"""``exhibit``: list, show, run, and how it refuses."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("home")


def test_the_list_names_every_exhibit(say):
    code, out, _ = say("exhibit list")
    assert code == 0
    assert len(out.splitlines()) == 46
    _, out, _ = say("exhibit list --json --paper M")
    assert [each["short"] for each in json.loads(out)] == ["M1", "M2", "MF1", "MF2", "MF3", "MF4"]


def test_one_is_shown_with_the_papers_values_its_claims_and_who_plays_its_networks(say):
    code, out, _ = say("exhibit show T7")
    assert code == 0
    assert "40.6" in out
    assert "A random step makes FGSM stronger against A_adv (App. C.2)." in out
    assert "A_adv (FGSM training) is played by fgsm-trained" in out
    _, out, _ = say("exhibit show MF4 --json")
    record = json.loads(out)
    assert record["paper"] is None
    assert record["result"]["models"] == {"robust": "pgd-trained"}


@pytest.mark.parametrize("name", ["MF4", "K3", "TF1"])
def test_a_cheap_one_is_measured_from_end_to_end(say, name, tmp_path, monkeypatch):
    """With the shipped models alone and few images; Figure 1 of Tramèr needs a network, whose part one plays."""
    from lab.exhibits import networks
    from lab.exhibits.scales import SCALES
    from lab.specs.models import Trained

    monkeypatch.setitem(SCALES, "digits", SCALES["digits"].__class__(**vars(SCALES["digits"]) | {"images": 12}))
    played = networks.model
    monkeypatch.setattr(
        networks, "model", lambda name, scale: Trained("standard-b") if name == "v4" else played(name, scale)
    )
    monkeypatch.setattr("lab.exhibits.tramer_pictures.model", networks.model)
    table = tmp_path / "table.md"
    code, out, err = say(f"exhibit run {name} --table {table}")
    assert (code, err) == (0, "")
    assert "at scale digits:" in out
    assert "in kind" in out
    assert table.read_text("utf-8").count("|") > 8
    code, out, _ = say(f"exhibit run {name} --json")
    record = json.loads(out)
    assert record["result"]["command"] == f"python -m lab exhibit run {name} --scale digits"
    assert len(record["result"]["claims"]) == len(record["claims"])


@pytest.mark.slow
def test_a_table_is_written_for_latex_and_a_figure_drawn(say, tmp_path):
    tex, pdf = tmp_path / "m.tex", tmp_path / "m.pdf"
    assert say(f"exhibit run MF4 --table {tex} --figure {pdf}")[0] == 0
    text = tex.read_text("utf-8")
    assert r"\begin{tabular}{lrrrrr}" in text
    assert r"2\%" in text
    assert pdf.read_bytes().startswith(b"%PDF")
    csv = tmp_path / "m.csv"
    assert say(f"exhibit run MF4 --table {csv}")[0] == 0
    assert csv.read_text("utf-8").startswith("row,column,value,low,high,unit")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("exhibit show T77", "There is no exhibit called 'T77'"),
        ("exhibit list --paper Z", "There is no paper called 'Z'"),
        ("exhibit run", "Name one exhibit, as in 'exhibit run T7', or give --all"),
        ("exhibit run T7 --all", "Name one exhibit"),
        ("exhibit run --all --table t.md", "are of one exhibit"),
        ("exhibit run M2 --scale digits", "is offered at cifar, not at 'digits' (it is about colour images)"),
        ("exhibit run M2", "set LAB_DATA"),
        ("exhibit run K1 --scale huge", "is offered at digits or mnist, not at 'huge'"),
        ("exhibit run MF4 --table t.docx", "should end in .tex, .csv or .md"),
        ("exhibit run MF4 --figure f.gif", "should end in .pdf, .svg or .png"),
        ("exhibit run K3 --scale mnist", "set LAB_DATA"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(say, line, sentence):
    code, out, err = say(line)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert err.endswith(".\n")
