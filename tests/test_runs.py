"""Runs as folders: what a hostile, a hasty or an unlucky person does to them."""

import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lab import catalogue, runs
from lab.cost import training_steps
from lab.errors import EngineError, LabError, Unknown
from lab.runs.claim import claimed, is_claimed
from lab.specs import BIM, PGD, TRADES, Adversarial, Linf, OwnExamples, Standard, Trained, TrainingRun, pgd_training
from lab.specs.examples import EnsembleExamples
from tests.running import running

DIGITS = 1437


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    return tmp_path


def begun(name: str = "mine", recipe=Standard()) -> Path:
    runs.begin(TrainingRun(name, recipe))
    return runs.folder(name)


@pytest.mark.parametrize(
    "name", ["..", ".", "", "a/b", "..\\up", "/etc", ".hidden", "x" * 65, "ü", "a b", "x.", "a\n", 3]
)
def test_names_that_are_none(name: object) -> None:
    with pytest.raises(LabError, match="cannot be the name of a run"):
        runs.folder(name)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a", "my-run_2.1", "_x", "0", "x" * 64])
def test_names_that_are_some(name: str, home: Path) -> None:
    assert runs.folder(name) == home / "runs" / name


def test_a_run_from_begin_to_discard() -> None:
    place = begun()
    [card] = runs.runs()
    assert (card.state, card.fraction, card.ours, card.seconds_left) == ("paused", 0.0, True, None)
    [card] = runs.runs({"mine": False})
    assert card.state == "waiting"
    (place / "metrics.jsonl").write_text('{"epoch": 2.5, "seconds": 10}\n{"epoch": 3, "sec')
    [card] = runs.runs({"mine": True})
    assert (card.state, card.fraction, card.seconds_left) == ("running", 0.25, 30)
    runs.fail("mine", "It diverged.")
    [card] = runs.runs()
    assert (card.state, card.error) == ("failed", "It diverged.")
    runs.pause("mine")
    assert not runs.wanted("mine")
    begun()
    assert runs.wanted("mine")
    assert runs.runs()[0].error == ""
    runs.discard("mine")
    assert runs.runs() == []
    assert not runs.wanted("mine")
    runs.discard("mine")
    runs.pause("mine")
    assert not place.exists()


def test_a_run_that_another_program_trains_is_seen_as_such() -> None:
    place = begun()
    (place / "metrics.jsonl").write_text('{"epoch": 5, "seconds": 10}\n')
    runs.fail("mine", "It diverged, then was carried on from the command line.")
    with claimed(place):
        [card] = runs.runs()
        assert (card.state, card.seconds_left, card.error) == ("elsewhere", 10, "")
        [card] = runs.runs({"mine": True})
        assert card.state == "running"  # the engine's own worker has the claim
    [card] = runs.runs()
    assert card.state == "failed"


def test_who_looks_at_a_claim_keeps_nobody_from_it() -> None:
    place = begun()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            runs.runs()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(50):
            with claimed(place):
                pass
    finally:
        done.set()
        looking.join()


def test_a_name_is_taken_by_a_model_whatever_its_capitals() -> None:
    begun("Mine")
    for name in ("mine", "standard", "STANDARD"):
        with pytest.raises(LabError, match="already a model called"):
            begun(name)
    assert runs.free_name("standard") == "standard-2"
    assert runs.free_name("mine") == "mine-2"
    assert runs.free_name("other") == "other"


def test_of_many_who_begin_the_same_name_one_recipe_wins() -> None:
    refused: list[LabError] = []

    def begin(epochs: int) -> None:
        try:
            begun("contested", Standard(epochs=epochs))
        except LabError as error:
            refused.append(error)

    threads = [threading.Thread(target=begin, args=(i,)) for i in range(1, 9)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    [card] = runs.runs()
    assert card.recipe.epochs in range(1, 9)
    assert len(refused) == 7
    assert runs.problems() == []


def test_a_recipe_of_a_network_that_is_not_there_is_refused() -> None:
    recipe = Adversarial(source=EnsembleExamples(models=(Trained("nobody"),)))
    with pytest.raises(LabError, match="no model called 'nobody'"):
        begun(recipe=recipe)
    assert runs.runs() == []


def test_too_many_runs_and_too_little_room_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    begun()
    monkeypatch.setenv("LAB_MAX_RUNS", "1")
    with pytest.raises(EngineError, match=r"already 1 runs.*LAB_MAX_RUNS"):
        begun("second")
    begun()  # the first goes on
    monkeypatch.delenv("LAB_MAX_RUNS")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6))
    with pytest.raises(EngineError, match="Less than 1 GiB is free"):
        begun("second")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"spec": "PGD"}', '{"spec": "Standard", "epochs": -1}', "\x00"])
def test_a_damaged_recipe_is_said_and_keeps_no_other_run_from_the_list(content: str) -> None:
    begun()
    (begun("broken") / "recipe.json").write_text(content)
    assert [card.name for card in runs.runs()] == ["mine"]
    [sentence] = runs.problems()
    assert "broken cannot be read as a run" in sentence
    with pytest.raises(LabError, match="choose another name"):
        begun("broken")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"spec": "Standard", "ema": 0.999}, "Standard has no field 'ema'"),
        ({"spec": "Tomorrow"}, "no spec called 'Tomorrow'"),
        ({"spec": "Standard", "architecture": {"spec": "ViT"}}, "no spec called 'ViT'"),
    ],
)
def test_a_newer_labs_run_is_not_called_damaged_and_its_folder_stays(record: dict[str, Any], words: str) -> None:
    place = begun("newer")
    (place / "recipe.json").write_text(json.dumps(record))
    [sentence] = runs.problems()
    with pytest.raises(Unknown) as found:
        begun("newer")
    for said in (sentence, str(found.value)):
        assert words in said
        assert "a newer lab has made it" in said
        assert not re.search("delete|remove|mend|fix", said)
        assert len(said) - len(str(place)) <= 250
    assert (place / "recipe.json").exists()


def test_a_newer_labs_card_is_not_called_damaged() -> None:
    place = begun("newer")
    card = {"measured": {}, "measured_images": 9, "recipe": None, "data": "digits", "shape": [1, 2, 2], "classes": 2}
    card |= {"measured_attack": {"spec": "PGD"}, "sha256": ""}
    card |= {"measured_ball": {"spec": "Wasserstein"}, "architecture": {"spec": "ViT"}}
    (place / "card.json").write_text(json.dumps(card))
    (place / "weights.safetensors").touch()
    with pytest.raises(Unknown, match="a newer lab has made it"):
        runs.finished(TrainingRun("newer", Standard()))
    [sentence] = catalogue.problems()
    assert "'ViT'" in sentence
    assert "a newer lab has made it" in sentence
    assert "remove" not in sentence


def test_a_folder_whose_name_is_none_is_said(home: Path) -> None:
    begun().rename(home / "runs" / "a b")
    assert runs.runs() == []
    assert "cannot be the name of a run" in runs.problems()[0]


@pytest.mark.parametrize("content", ["{", "{}", '{"measured": 3}', '{"measured": {"clean": "x"}}'])
def test_a_damaged_card_is_said(content: str) -> None:
    place = begun()
    (place / "card.json").write_text(content)
    assert len(runs.runs()) + len(runs.problems()) == 1
    assert runs.problems()
    with pytest.raises(LabError, match="damaged"):
        runs.finished(TrainingRun("mine", Standard()))


def test_metrics_with_odd_lines_are_read_as_far_as_they_go(home: Path) -> None:
    path = home / "metrics.jsonl"
    lines = [
        '{"epoch": 1, "loss": 2}',
        "garbage",
        "3",
        '{"epoch": 2, "loss": null}',
        '{"epoch": 3, "loss": NaN, "x": 1}',
    ]
    path.write_text("\n".join([*lines, '{"epo']))
    found = runs.history(path)
    assert found.epoch.tolist() == [1, 2, 3]
    assert np.array_equal(found.loss, [2, np.nan, np.nan], equal_nan=True)
    assert runs.history(path) is found  # nobody reads it again while it is the same
    assert len(runs.history(home / "none").loss) == 0


def test_a_run_that_others_trained_is_not_discarded() -> None:
    place = begun()
    (place / "begun.json").unlink()
    with pytest.raises(LabError, match="was started elsewhere"):
        runs.discard("mine")
    assert place.exists()
    assert not runs.runs()[0].ours


def test_a_link_out_of_the_folder_is_not_followed(home: Path) -> None:
    precious = home / "precious"
    precious.mkdir()
    (precious / "begun.json").write_text(json.dumps({"created": "2026-01-01"}))
    (home / "runs").mkdir()
    (home / "runs" / "link").symlink_to(precious)
    runs.discard("link")
    assert (precious / "begun.json").exists()


def test_what_a_training_costs() -> None:
    assert training_steps(Standard(epochs=3)) == 3 * DIGITS
    assert training_steps(pgd_training(epochs=2)) == 2 * 41 * DIGITS
    assert training_steps(Adversarial(epochs=1)) == 3 * DIGITS  # clean, FGSM's gradient, and the attacked copies
    assert training_steps(Adversarial(epochs=1, share=0.5, keep_clean=False)) == round(1.5 * DIGITS + 0.5)
    assert training_steps(TRADES(epochs=1, steps=10)) == 13 * DIGITS
    many = Adversarial(epochs=1, source=OwnExamples(PGD(steps=10, restarts=3)), keep_clean=False)
    assert training_steps(many) == 34 * DIGITS  # with the end of every restart
    papers = Adversarial(epochs=1, source=OwnExamples(BIM()), ball=Linf(16 / 255), keep_clean=False)
    assert training_steps(papers) == 21 * DIGITS  # ⌊min(16 + 4, 1.25 · 16)⌋ steps


def test_a_folder_that_windows_does_not_move_is_said_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    place = begun()

    def in_use(*_: object) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", in_use)
        with pytest.raises(LabError, match=r"cannot be discarded yet .*: pause it first"):
            runs.discard("mine")
    assert place.exists()
    runs.discard("mine")
    assert not place.exists()


def test_a_claim_ends_with_its_process_and_looking_leaves_no_trace(home: Path) -> None:
    place = begun()
    assert not is_claimed(place)
    assert not (place / ".lock").exists()
    imports = "import sys, time; from pathlib import Path; from lab.runs.claim import claimed"
    held = "with claimed(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(600)"
    with running(sys.executable, "-c", f"{imports}\n{held}", place, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_claimed(place)
        with pytest.raises(LabError, match="being trained already"), claimed(place):
            pass
        holder.kill()
    assert not is_claimed(place)
    with claimed(place):
        assert is_claimed(place)
