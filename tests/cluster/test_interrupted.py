"""Ctrl-C ends a command, and what a cluster computes for it; a training it pauses."""

from collections.abc import Callable

from distributed import LocalCluster

from lab import runs
from tests.cluster.conftest import at
from tests.cluster.lines import SMALL, asked
from tests.cluster.members import unfinished
from tests.engine.slow_analysis import Slow
from tests.engine.test_engine import begun
from tests.test_cli import refused
from tests.waiting import until


def test_what_is_interrupted_is_computed_no_longer(
    cluster: LocalCluster, say: Callable, slow: Slow, interrupted: Callable
) -> None:
    interrupted(lambda: begun(slow))
    assert say(asked(slow), at(cluster))[0] == 130
    until(lambda: not unfinished(cluster))


def test_an_interrupted_training_is_paused_and_resumed(
    cluster: LocalCluster, say: Callable, interrupted: Callable
) -> None:
    line = f"train {SMALL} --set epochs=500 --name long"
    interrupted(lambda: runs.folder("long").exists() and len(runs.history(runs.metrics("long")).epoch))
    code, printed, complaint = say(line, at(cluster))
    assert (code, printed) == (130, "")
    assert complaint == "Paused: resume it with 'python -m lab train --resume --name long'.\n"
    [card] = [each for each in runs.runs() if each.name == "long"]
    assert (card.state, 0 < card.fraction < 1) == ("paused", True)
    assert "resume it with --resume" in refused(say(line, at(cluster)))
    interrupted(lambda: runs.history(runs.metrics("long")).epoch[-1] / 500 > card.fraction)
    assert say("train --resume --name long", at(cluster))[0] == 130
