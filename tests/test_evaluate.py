"""``evaluate``, and ``attack`` without ``--attack``: what a user reads, what a program reads, and the files."""

import csv
import io
import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lab.cli import evaluation, in_turn
from lab.cli.main import main
from lab.context import Cancelled, Context
from lab.results.evaluation_verdict import verdict
from lab.results.result import unpack
from lab.specs.evaluation import BUDGETS
from tests.evaluations import sample_result
from tests.waiting import until

FIELDS = {"model", "n", "eps", "clean_accuracy", "robust_accuracy", "seconds", "stages", "verdict"}
LINE = "evaluate --model pgd-trained --images 30 --eps 0.2"

NETS = """
import torch
from torch import nn

def build():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
"""

FAILING = """
from torch import nn

class Failing(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)
        nn.init.zeros_(self.layer.weight), nn.init.zeros_(self.layer.bias)

    def forward(self, x):
        if len(x) > 2:
            raise RuntimeError("no more memory")
        return self.layer(x.flatten(1))

def build():
    return Failing()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A ``LAB_HOME`` for all, so that one evaluation serves several tests."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(folder))
        patch.delenv("LAB_DATA", raising=False)
        yield folder


@pytest.fixture
def say(home, capsys):
    """Run a command: its exit code, what it printed and what it complained of."""

    def run(*words: str):
        code = main([each for word in words for each in (word.split() if word.startswith(SPLIT) else [word])])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


SPLIT = ("-", "evaluate ", "attack ", "analyse ", "list ")
"""What is several words; another, as a hostile name, is one."""


def record(say, *words: str):
    code, out, _ = say(*words, "--json")
    assert code == 0
    return json.loads(out)


def test_a_user_reads_stages_numbers_and_a_verdict(say):
    code, out, _ = say(LINE)
    assert code == 0
    assert "pgd-trained on 30 test images of Digits, L∞, ε = 0.2, quick evaluation, seed 0" in out
    for each in ("attacked", "broken", "accuracy so far", "clean accuracy", "robust accuracy", "Verdict: "):
        assert each in out


def test_a_program_reads_one_object_for_one_model(say):
    found = record(say, LINE)
    assert set(found) >= FIELDS
    assert (found["model"], found["n"], found["eps"], found["budget"]) == ("pgd-trained", 30, 0.2, "quick")
    accuracies = [each["accuracy"] for each in found["stages"]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert (accuracies[0], accuracies[-1]) == (found["clean_accuracy"], found["robust_accuracy"])
    assert found["stages"][0]["stage"] == "clean"
    broken = sum(each["broken"] for each in found["stages"])
    assert found["robust_accuracy"] == pytest.approx(1 - broken / 30)


def test_several_models_are_a_list_and_a_table_at_the_end(say):
    found = record(say, LINE, "--model standard")
    assert [each["model"] for each in found] == ["pgd-trained", "standard"]
    out = say(LINE, "--model standard")[1]
    rows = [line.split() for line in out.splitlines() if line.startswith(("pgd-trained  ", "standard  "))]
    assert [row[0] for row in rows] == ["pgd-trained", "standard"]
    assert f"{100 * found[0]['clean_accuracy']:.1f}" == rows[0][1]


def test_the_same_evaluation_is_not_computed_again(say, monkeypatch):
    first = record(say, LINE)
    monkeypatch.setattr("lab.analysis.analyse", pytest.fail)
    assert record(say, LINE) == first


def test_models_are_evaluated_apart_as_together(say):
    together = record(say, LINE, "--model standard")
    assert together[0] == record(say, LINE)


@pytest.mark.parametrize("budget", BUDGETS)
def test_every_budget_can_be_named(say, budget):
    found = record(say, f"evaluate --model standard --images 6 --{budget}")
    assert found["budget"] == budget
    assert found["robustbench"]["autoattack_acc"] == (None if budget == "quick" else "0.00")


def test_a_field_may_be_set_where_no_option_did(say):
    found = record(say, "evaluate --model standard --set images=7 --set budget=standard --set seed=3")
    assert (found["n"], found["budget"], found["seed"]) == (7, "standard", 3)


@pytest.mark.slow
def test_another_norm_and_radius(say):
    found = record(say, "evaluate --model standard --images 10 --norm L2 --eps 128/255")
    assert (found["norm"], found["eps"]) == ("L2", 128 / 255)
    assert found["robustbench"]["eps"] == "128/255"


def test_attack_without_an_attack_is_the_quick_evaluation(say):
    line = "--model pgd-trained --images 30 --eps 0.2"
    evaluated, attacked = record(say, f"evaluate {line}"), record(say, f"attack {line}")
    for each in FIELDS - {"model"}:
        assert attacked[each] == evaluated[each]
    assert attacked["model"] == {"spec": "Trained", "name": "pgd-trained"}
    assert (attacked["attack"]["spec"], attacked["precision"]) == ("Evaluation", "float32")
    assert attacked["rounded_accuracy"] is attacked["source"] is attacked["transferred_accuracy"] is None
    assert isinstance(attacked["health"]["warnings"], list)
    assert "Verdict: " in say(f"attack {line}")[1]


def test_attack_without_an_attack_has_every_key_of_one_with_it(say):
    plain = record(say, "attack --model standard --images 5 --attack FGSM")
    assert set(plain) <= set(record(say, "attack --model standard --images 5"))


def test_attack_with_a_setting_and_no_attack_is_still_pgd(say):
    assert record(say, "attack --model standard --images 5 --set steps=2")["attack"]["spec"] == "PGD"


@pytest.mark.slow
def test_images_of_another_model_count(say):
    line = "attack --model fgsm-trained --images 20 --eps 0.1"
    alone, found = record(say, line), record(say, line, "--source standard --eight-bit")
    assert found["robust_accuracy"] <= min(alone["robust_accuracy"], found["transferred_accuracy"])
    assert found["stages"][-1]["stage"] == "transfer from standard"
    assert found["rounded_accuracy"] >= found["robust_accuracy"]
    stronger = found["transferred_accuracy"] < alone["robust_accuracy"]
    assert found["health"]["transfer_stronger"] == stronger
    out = say(line, "--source standard --eight-bit")[1]
    assert "in 8 bits" in out
    assert "on images made on standard" in out


def test_reports_are_written_in_every_format(say, tmp_path):
    files = {each: tmp_path / f"r.{each}" for each in ("json", "csv", "md", "tex", "html")}
    code, out, _ = say(LINE, "--model standard", *(f"--report {each}" for each in files.values()))
    assert (code, "Verdict" in out) == (0, True)
    whole = json.loads(files["json"].read_text("utf-8"))
    assert [each["model"] for each in whole["models"]] == ["pgd-trained", "standard"]
    assert whole["provenance"]["command"].startswith(f"python -m lab {LINE}")
    assert len(whole["provenance"]["model_hashes"][0]) == 64
    assert len(list(csv.DictReader(io.StringIO((tmp_path / "r.images.csv").read_text("utf-8"))))) == 60
    page = files["html"].read_text("utf-8")
    assert page.count("<svg") == 1
    assert whole["provenance"]["data_hash"] in page
    assert r"\toprule" in files["tex"].read_text("utf-8")
    assert "| pgd-trained |" in files["md"].read_text("utf-8")


def test_adversarial_examples_are_saved_as_arrays_and_pictures(say, tmp_path):
    code, _, err = say(LINE, f"--save {tmp_path}/new/examples")
    place = tmp_path / "new" / "examples" / "pgd-trained"
    with np.load(place / "examples.npz", allow_pickle=False) as kept:
        arrays = dict(kept)
    assert code == 0
    assert np.abs(arrays["x_adv"] - arrays["x"]).max() <= 0.2 + 1e-5
    assert json.loads(str(arrays["spec"]))["spec"] == "Evaluation"
    found = record(say, LINE)
    assert arrays["fools"].sum() == round(30 * (found["clean_accuracy"] - found["robust_accuracy"]))
    assert f"{arrays['fools'].sum()} adversarial examples of pgd-trained" in err
    pictures = sorted((place / "images").glob("*.png"))
    assert len(pictures) == arrays["fools"].sum() > 0
    for each in pictures:
        i = int(each.name[:6])
        assert np.array_equal(np.asarray(Image.open(each)), arrays["rounded"][i, 0])
        assert f"label-{arrays['y'][i]}-predicted-{arrays['predicted'][i]}" in each.name
    with open(place / "examples.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [each["fools_rounded"] == "True" for each in rows] == arrays["fools_rounded"].tolist()


def test_one_attack_saves_its_examples_too(say, tmp_path):
    line = "attack --model standard --attack FGSM --images 8"
    found = record(say, line, f"--save {tmp_path}")
    with np.load(tmp_path / "standard" / "examples.npz", allow_pickle=False) as kept:
        robust = (kept["clean"] == kept["y"]) & (kept["adversarial"] == kept["y"])
        assert robust.mean() == found["robust_accuracy"]
        assert json.loads(str(kept["spec"]))["spec"] == "FGSM"


def test_pictures_of_an_earlier_evaluation_do_not_stay(say, tmp_path):
    say("attack --model standard --attack FGSM --images 8", f"--save {tmp_path}")
    mine = tmp_path / "standard" / "images" / "mine.png"
    mine.touch()
    say("attack --model standard --attack FGSM --images 2", f"--save {tmp_path}")
    assert len(list(mine.parent.glob("*.png"))) <= 3
    assert mine.exists()


@pytest.mark.parametrize("name", ["../../<b>&", "=1+1"])
def test_a_model_may_be_called_anything(say, tmp_path, monkeypatch, name):
    (tmp_path / "called.py").write_text(NETS)
    monkeypatch.syspath_prepend(tmp_path)
    words = ("evaluate --model called:build --images 3 --name", name)
    code, out, _ = say(*words, f"--save {tmp_path}/out --report {tmp_path}/r.md --report {tmp_path}/r.csv", "--json")
    found = json.loads(out)
    assert (code, found["model"]) == (0, name)
    assert found["model_spec"]["builder"] == "called:build"
    [place] = (tmp_path / "out").iterdir()
    assert (place / "examples.npz").is_file()
    text = (tmp_path / "r.md").read_text("utf-8")
    assert not [line for line in text.splitlines() if "<b>" in line and not line.startswith("    ")]
    rows = list(csv.reader(io.StringIO((tmp_path / "r.csv").read_text("utf-8"))))
    assert not any(each[0].startswith("=") for each in rows)


def test_an_interruption_is_one_sentence_and_130(say, monkeypatch):
    monkeypatch.setattr(in_turn, "pausing", lambda: _interrupted())
    code, out, err = say("evaluate --model trades-trained --images 12 --eps 0.13")
    assert (code, out) == (130, "")
    assert err.count("\n") == 1
    assert "resumes" in err


class _interrupted:
    def __enter__(self):
        return lambda: True

    def __exit__(self, *_):
        return None


def test_ctrl_c_in_the_middle_resumes_to_the_same_result(say, monkeypatch, tmp_path):
    line = "evaluate --model trades-trained --images 20 --eps 0.29"
    partial, heard = Context.partial, []

    def interrupting(ctx, result):
        partial(ctx, result)
        if not heard:
            taken = signal.getsignal(signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            until(lambda: signal.getsignal(signal.SIGINT) is not taken)  # the main thread has heard it
        heard.append(result)

    monkeypatch.setattr(Context, "partial", interrupting)
    code, out, err = say(line)
    assert (code, out, err.count("\n")) == (130, "", 1)
    resumed = record(say, line)
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    assert _timeless(resumed) == _timeless(record(say, line))


@pytest.mark.parametrize("command", ["evaluate", "attack"])
def test_a_model_that_fails_is_left_out_and_the_others_are_not_lost(say, monkeypatch, tmp_path, command):
    (tmp_path / "failing.py").write_text(FAILING)
    monkeypatch.syspath_prepend(tmp_path)
    models = "--model standard --model failing:build --model pgd-trained --images 8"
    code, out, err = say(f"{command} {models} --save {tmp_path}/saved --json")
    assert code == 2
    assert [each["model_name"] for each in json.loads(out)] == ["standard", "pgd-trained"]
    assert "failing:build is left out: " in err
    assert "no more memory" in err
    assert {each.name for each in (tmp_path / "saved").iterdir()} == {"standard", "pgd-trained"}
    if command == "evaluate":
        assert say(f"{command} {models} --report {tmp_path}/r.csv")[0] == 2
        rows = csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text("utf-8")))
        assert {row["model"] for row in rows} == {"standard", "pgd-trained"}


def test_what_was_finished_before_an_interruption_is_reported(say, monkeypatch, tmp_path):
    compute = evaluation.answer

    def interrupted_at_the_second(spec, *others, **named):
        if spec.models[0].name == "pgd-trained":
            raise Cancelled
        return compute(spec, *others, **named)

    monkeypatch.setattr(evaluation, "answer", interrupted_at_the_second)
    line = f"evaluate --model standard --model pgd-trained --images 8 --json --report {tmp_path}/r.csv"
    code, out, err = say(line)
    assert (code, "resumes" in err) == (130, True)
    assert [each["model"] for each in json.loads(out)] == ["standard"]
    assert "standard" in (tmp_path / "r.csv").read_text("utf-8")


def _timeless(found):
    """A record without its seconds."""
    stages = [{name: value for name, value in each.items() if name != "seconds"} for each in found["stages"]]
    return {name: value for name, value in found.items() if name != "seconds"} | {"stages": stages}


@pytest.mark.slow
def test_the_analysis_is_listed_drawn_and_kept(say, tmp_path):
    assert "Evaluation: Robust accuracy under parameter-free attacks" in say("list analyses")[1]
    line = "analyse Evaluation --model pgd-trained --set images=30 --set ball.eps=0.2"
    files = f"--csv {tmp_path}/e.csv --npz {tmp_path}/e.npz --figure {tmp_path}/e.pdf"
    code, out, _ = say(line, files)
    assert (code, "pgd-trained" in out) == (0, True)
    kept = unpack((tmp_path / "e.npz").read_bytes())
    assert f"pgd-trained: {verdict(kept.models[0]).words}" in out
    assert kept.models[0].robust_accuracy == record(say, LINE)["robust_accuracy"]
    assert (tmp_path / "e.pdf").read_bytes().startswith(b"%PDF")
    assert len((tmp_path / "e.csv").read_text().splitlines()) == 1 + len(kept.to_frame())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("evaluate --model nobody", "no model called 'nobody'"),
        ("evaluate --report r.pdf", "should end in .json, .csv, .md, .tex or .html"),
        ("evaluate --report /no/such/folder/r.html", "no folder /no/such/folder"),
        ("evaluate --save /dev/null", "is not a folder"),
        ("evaluate --eps 2", "must lie between 0 and 1"),
        ("evaluate --quick --thorough", "not allowed with argument"),
        ("evaluate --set steps=3", "Evaluation has no field 'steps'"),
        ("evaluate --images 5 --set images=6", "'images' is set more than once"),
        ("evaluate --images 0", "invalid positive whole number value"),
        ("evaluate --norm L0 --images 2", "--norm: should be Linf or L2, not 'L0'"),
        ("evaluate --norm L7 --images 2", "--norm: should be Linf or L2, not 'L7'"),
        ("evaluate --model standard --model nowhere:build --images 2", "nowhere"),
        ("attack --bfloat16", "name it with --attack"),
        ("attack --source nobody", "no model called 'nobody'"),
        ("attack --save /dev/null", "is not a folder"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_is_computed(say, line, words):
    code, out, err = say(line)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_what_was_computed_before_is_said(say, monkeypatch):
    found = replace(sample_result(("standard",)), models=(replace(sample_result().models[0], seconds=100.0),))
    monkeypatch.setattr("lab.cli.evaluation.answer", lambda *_, **__: found)
    assert "standard: at least 100 of 100 s were computed before" in say("evaluate --model standard")[2]


def test_a_model_from_elsewhere_is_marked_in_what_leaves(say, tmp_path, monkeypatch):
    draw = np.random.default_rng(0)
    images = {f"x_{part}": draw.random((12, 28, 28), np.float32) for part in ("train", "test")}
    np.savez(tmp_path / "mine.npz", **images, **{f"y_{part}": np.arange(12) % 10 for part in ("train", "test")})
    line = f"evaluate --model standard --images 3 --data {tmp_path}/mine.npz --report {tmp_path}/r.md"
    code, out, err = say(line)
    assert (code, "standard (trained on digits) on 3 test images" in out) == (0, True)
    assert "was trained on digits" in err
    assert "| standard (trained on digits) |" in (tmp_path / "r.md").read_text("utf-8")
    assert record(say, line)["model"] == "standard"
