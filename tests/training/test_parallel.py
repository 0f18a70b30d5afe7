"""Several processes train as one does."""

import json
import os
import subprocess
import sys

import pytest
from safetensors.torch import load_file

from tests.served import ROOT
from tests.training.together import free_port


def lines(folder):
    return [json.loads(each) for each in (folder / "metrics.jsonl").read_text().splitlines()]


def furthest(one, other) -> float:
    """The largest difference of two runs' weights."""
    first, second = (load_file(each / "weights.safetensors") for each in (one, other))
    return max((first[name] - second[name]).abs().max().item() for name in first)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "most", "turned"),
    [("kurakin", 1e-5, 0), ("pivot", 5e-5, 1), ("trades", 5e-5, 1), ("unused weights", 1e-5, 0)],
)
def test_two_processes_give_the_weights_of_one(recipe, most, turned, tmp_path):
    """To float error: about 1e-7 a step, more where it turns the sign of a pixel's gradient, and so at times an image.

    Only the first process writes. Each takes one thread: three processes with a thread for every core would mostly wait
    for each other's.
    """
    command = [sys.executable, "-m", "tests.training.together", str(tmp_path), recipe]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    alone, together = tmp_path / "alone", tmp_path / "together"
    assert furthest(alone, together) < most
    assert len(lines(alone)) == len(lines(together))
    for one, other in zip(lines(alone), lines(together), strict=True):
        for name in set(one) & {"step", "loss", "gradient", "clean", "adversarial", "eps"}:
            images = turned / 128 if name in ("clean", "adversarial") else 0  # of a line's
            assert other[name] == pytest.approx(one[name], rel=1e-3, abs=1e-3 + images)
    assert [each["processes"] for each in json.loads((together / "provenance.json").read_text())] == [2]


@pytest.mark.slow
def test_torchrun_starts_them_and_refuses_in_one_sentence(tmp_path):
    """The command line, run twice under one name: the second is refused."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port"]
    words = ["-m", "lab", "train", "Standard", "--set", "epochs=1", "--name", "pair"]
    ran = []
    for _ in range(2):
        line = [*command, free_port(), *words]
        environment = os.environ | {"LAB_HOME": str(tmp_path)}
        ran.append(subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False))
    assert ran[0].returncode == 0, ran[0].stderr
    assert ran[0].stdout.count("pair: accuracy clean") == 1
    assert ran[1].returncode != 0
    assert "There is already a model called 'pair'" in ran[1].stderr
