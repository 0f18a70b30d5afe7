"""Progress nests, cancellation stops, draws depend on nothing but their name."""

import pytest
import torch

from lab.context import Cancelled, Context


def test_parts_nest():
    seen = []
    ctx = Context(on_progress=seen.append)
    inner = ctx.part(1, 4, "second").part(0, 2, "half")
    inner.report(1, 2, loss=0.5)
    assert seen[0].fraction == pytest.approx(0.25 + 0.25 / 2 / 2)
    assert seen[0].doing == "second · half"
    assert seen[0].metrics == {"loss": 0.5}


def test_cancelled_raises_even_when_silent():
    with pytest.raises(Cancelled):
        Context(cancelled=lambda: True).silent().report(0, 1)


def test_an_image_draws_the_same_in_every_batch():
    def draw(generator):
        return torch.rand(3, generator=generator)

    whole = Context(seed=1).draws(range(6), 2, draw)
    part = Context(seed=1).at(4).draws([1], 2, draw)
    assert torch.equal(whole[5], part[0])
    assert not torch.equal(whole[5], whole[4])
    assert not torch.equal(whole[5], Context(seed=1).draws(range(6), 3, draw)[5])
    assert not torch.equal(whole[5], Context(seed=2).draws(range(6), 2, draw)[5])


def test_purposes_have_their_own_generators():
    ctx = Context(seed=3)
    assert ctx.generator("order", 1).initial_seed() == Context(seed=3).generator("order", 1).initial_seed()
    seeds = {ctx.generator(*name).initial_seed() for name in [("order", 1), ("order", 2), ("weights",), ()]}
    assert len(seeds) == 4
    assert ctx.seeded("a").seed != ctx.seeded("b").seed


def test_a_later_batch_of_scattered_images_keeps_their_draws():
    def draw(generator):
        return torch.rand(2, generator=generator)

    later = Context(seed=1).only([4, 0, 4, 2]).at(2).draws([0, 1], 0, draw)
    assert torch.equal(torch.stack(later), torch.stack(Context(seed=1).draws([4, 2], 0, draw)))


def test_what_a_lane_is_doing_reaches_whoever_shows_progress():
    seen = []
    lane = Context(on_progress=seen.append).lanes(2)[1]
    lane.named("APGD-CE").lanes(1)[0].report(1, 2, robust=0.5)
    assert (seen[0].doing, seen[0].fraction) == ("APGD-CE", 0.25)
