"""How many threads PyTorch takes on the command line, by what a container's quota allows."""

import os

import pytest

from lab.cli import threads
from lab.cli.main import main

COMMANDS = ("attack", "evaluate", "analyse Restarts", "train standard")


@pytest.fixture
def taken(monkeypatch):
    """What a command that computes finds in ``OMP_NUM_THREADS``, with a quota on 16 processors."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "_visible", lambda: 16)

    def run(line: str, quota: int) -> str | None:
        found = []

        def command(_: object) -> int:
            found.append(os.environ.get("OMP_NUM_THREADS"))
            return 0

        monkeypatch.setattr(threads, "cpu_count", lambda: quota)
        monkeypatch.setattr(f"lab.cli.{line.split()[0]}.run", command)
        assert main(line.split()) == 0
        return found[0]

    return run


@pytest.mark.parametrize("line", COMMANDS)
@pytest.mark.parametrize(("quota", "found"), [(1, "1"), (3, "3"), (16, None)])
def test_a_command_that_computes_takes_what_the_quota_allows(taken, line, quota, found):
    assert taken(line, quota) == found
    assert "OMP_NUM_THREADS" not in os.environ


def test_what_a_user_has_set_stays(taken, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert taken("attack", 2) == "8"
    assert os.environ["OMP_NUM_THREADS"] == "8"


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), BlockingIOError(11, "Resource temporarily")])
def test_a_limit_of_processes_is_a_sentence(monkeypatch, capsys, error):
    def fails(_: object) -> int:
        raise error

    monkeypatch.setattr("lab.cli.attack.run", fails)
    assert main(["attack"]) == 2
    assert capsys.readouterr().err.startswith("The system allows no more processes or threads: allow more processes")
