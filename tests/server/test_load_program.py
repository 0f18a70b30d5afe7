"""The visitors of the load program see what a browser would: else its numbers were those of nothing."""

import pytest

from tests.benchmarks.visitors_load import Seen, come, explore, turn
from tests.served import served

pytestmark = pytest.mark.slow


def test_a_visitor_comes_turns_a_control_and_attacks_an_image(tmp_path):
    with served(tmp_path, "--lazy") as lab:
        seen = Seen(number=1)
        for do in (come, turn, explore):
            do(lab.address, seen)
        assert seen.visitor
        assert seen.channel
        seen.channel.close()
        seen.visitor.leave()
    assert set(seen.seconds) == {"page", "picture", "repaint", "explored", "explored wholly"}
