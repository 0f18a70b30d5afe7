"""``lab train``: begun, paused by Ctrl-C, carried on, refused, and varied."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest

from lab.cli.progress import Bar
from lab.cli.sweep import variants
from lab.context import Progress
from lab.errors import SpecError
from lab.specs import Adversarial, Pivot, Standard
from tests.served import ROOT
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("home")

QUICK = "--set architecture.width=4 --set epochs=1 --set batch=512"


def test_a_preset_is_trained_and_carried_on_it_is_as_it_was(say):
    code, out, err = say(f"train kurakin-training {QUICK} --name mine --json")
    assert (code, err) == (0, "")
    first = json.loads(out)
    assert first["recipe"]["share"] == 0.5
    assert json.loads(say("train --resume --name mine --json")[1]) == first


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("train", "Name a recipe"),
        ("train --resume", "Name a recipe"),
        ("train --resume --name nothing", "There is no run called 'nothing'"),
        ("train --resume --name mine --seed 1", "resumed with its own recipe"),
        ("train --resume --name a/b", "cannot be the name of a run"),
        ("train Standard --resume --name standard", "already a model called 'standard'"),
        ("train Standard --vary epochs", "is not a valid value of --vary"),
        ("train Standard --vary epochs=many", "should be a whole number, not 'many'"),
    ],
)
def test_a_mistake_is_one_sentence(say, line, words):
    code, out, err = say(line)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_another_recipe_under_the_same_name_is_refused(say, home):
    folder = home / "runs" / "mine"
    folder.mkdir(parents=True)
    from lab.specs.spec import to_json

    (folder / "recipe.json").write_text(to_json(Standard()))
    assert "resume it with --resume" in say("train Standard --name mine")[2]
    assert "has another recipe" in say("train Standard --name mine --resume --seed 5")[2]


@pytest.mark.slow
def test_ctrl_c_pauses_with_a_sentence_that_says_how_to_go_on(tmp_path):
    command = [sys.executable, "-m", "lab", "train", "Standard", "--set", "epochs=500", "--name", "long"]
    metrics = tmp_path / "runs" / "long" / "metrics.jsonl"
    running = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"LAB_HOME": str(tmp_path)}, stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: metrics.exists() and metrics.stat().st_size)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
    assert running.returncode == 130
    assert said == "Paused: resume it with 'python -m lab train --resume --name long'.\n"
    assert list((metrics.parent / "checkpoints").glob("step-*.json"))


def test_variants_are_all_combinations():
    runs = variants("pivot", Adversarial(similarity=Pivot()), ["similarity.weight=1e-4,1e-3", "seed=0,1"])
    assert [each.name for each in runs] == [
        "pivot-weight-1e-4-seed-0",
        "pivot-weight-1e-4-seed-1",
        "pivot-weight-1e-3-seed-0",
        "pivot-weight-1e-3-seed-1",
    ]
    assert [(each.recipe.similarity.weight, each.recipe.seed) for each in runs][2] == (1e-3, 0)
    with pytest.raises(SpecError, match="lists a value more than once"):
        variants("x", Standard(), ["seed=1,1"])


@pytest.mark.slow
def test_variants_are_trained_by_the_engine(say):
    code, out, _ = say(f"train Standard {QUICK} --vary seed=0,1 --name two --json")
    found = json.loads(out)
    assert code == 0
    assert set(found) == {"two-seed-0", "two-seed-1"}
    assert all(0 <= each["clean_accuracy"] <= 1 for each in found.values())


def test_the_time_left_of_a_run_carried_on_counts_from_there(monkeypatch):
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    with Bar() as bar:
        bar.start_t -= 10
        bar.show(Progress(0.5, "attacking", {"loss": 0.25}))
        bar.last_print_t = 0
        bar.show(Progress(0.75, "attacking", {"loss": 0.25}))
    *_, first, second, last, _ = said.getvalue().split("\r")
    assert "? left" in first
    assert " 75% |" in second
    assert "| 00:10 left  attacking  loss 0.25" in second
    assert last.strip() == ""
    assert "\x1b" not in said.getvalue()  # a Windows console would print it
