"""Pieces of work side by side: their order, their progress, their end."""

from threading import Event

import pytest
import torch

from lab.analysis.pieces import together
from lab.context import Context

PATIENCE = 60.0  # seconds after which a piece that waits for another has waited in vain


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_pieces_come_in_their_order_whichever_is_done_first(two_threads):
    second_done = Event()

    def work(piece: int, _: Context) -> int:
        if piece == 0:
            assert second_done.wait(PATIENCE)
        if piece == 1:
            second_done.set()
        return 10 * piece

    assert list(together(work, range(4), Context())) == [(0, 0), (1, 10), (2, 20), (3, 30)]


def test_a_piece_is_there_before_those_after_it_are_done(two_threads):
    seen = Event()

    def work(piece: str, _: Context) -> str:
        if piece == "b":
            assert seen.wait(PATIENCE)
        return piece.upper()

    found = together(work, ["a", "b"], Context())
    assert next(found) == ("a", "A")
    seen.set()
    assert list(found) == [("b", "B")]


def test_the_pieces_progress_adds_up():
    heard: list[float] = []
    ctx = Context(on_progress=lambda progress: heard.append(progress.fraction))
    for _ in together(lambda _, lane: lane.report(1, 1), range(4), ctx.span(0, 1, 2), most=1):
        pass
    assert heard == pytest.approx([0.125, 0.25, 0.375, 0.5])


def test_what_stops_a_piece_stops_the_whole_and_gives_the_threads_back(two_threads):
    def work(piece: int, _: Context) -> None:
        if piece == 1:
            raise ValueError("piece 1")

    with pytest.raises(ValueError, match="piece 1"):
        list(together(work, range(3), Context()))
    assert torch.get_num_threads() == 2
