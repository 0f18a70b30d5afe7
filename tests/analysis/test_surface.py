"""Loss surfaces: exact axes, the model's own values, each point computed once, and where the attacks stand."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from lab.analysis import analyse, surface_plane
from lab.analysis.directions import axes
from lab.analysis.scene import Scene
from lab.analysis.surface_markers import nearest
from lab.attacks import attack
from lab.context import Cancelled, Context
from lab.data import load as load_data
from lab.errors import SpecError
from lab.models import load as load_model
from lab.results import Answers, SurfaceResult, pack, unpack
from lab.specs import (
    FGSM,
    L0,
    L2,
    PGD,
    Digits,
    HadamardSigns,
    Linf,
    LossSurface,
    RandomSigns,
    RawGradient,
    SignedGradient,
    SourceGradient,
    TowardAttack,
    TowardSecondAttack,
    Trained,
)

MODELS = (Trained("standard"), Trained("fgsm-trained"))
ALONG = (SignedGradient(), RawGradient(), TowardAttack(PGD(steps=3, step_size=0.1)))
ACROSS = (SourceGradient(), RandomSigns(), HadamardSigns(36, 5), TowardSecondAttack(PGD(steps=2, step_size=0.1)))
SMALL = LossSurface(points=21, pgd=PGD(steps=4, step_size=0.1))


@pytest.fixture(autouse=True)
def forgotten():
    """No plane is known from another test."""
    surface_plane._recent.forget()


@pytest.fixture
def computed(monkeypatch) -> list[int]:
    """How many images the models were asked about, call by call."""
    counts: list[int] = []
    logits = surface_plane.Plane.logits

    def counting(self, images):
        counts.append(len(images))
        return logits(self, images)

    monkeypatch.setattr(surface_plane.Plane, "logits", counting)
    return counts


def scene(spec: LossSurface) -> Scene[LossSurface]:
    split = load_data(Digits()).test
    return Scene(spec, split.images([spec.image]), split.labels([spec.image]))


@pytest.mark.parametrize("ball", [Linf(0.3), L2(3.0)])
@pytest.mark.parametrize("across", ACROSS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("along", ALONG, ids=lambda each: type(each).__name__)
def test_axes_are_orthogonal_and_of_length_one(along, across, ball):
    found = axes(scene(SMALL.replace(along=along, across=across, ball=ball)), load_model(MODELS[0]), Context())
    for each in (found.g, found.across):
        length = each.abs().max() if isinstance(ball, Linf) else each.norm()
        assert float(length) == pytest.approx(1, abs=1e-12)
    assert abs(found.inner) < 1e-13 * found.g.numel()
    assert found.g.dtype == torch.float64


@pytest.mark.parametrize("across", [RandomSigns(), HadamardSigns(4, 3), HadamardSigns(16), HadamardSigns(64, 63)])
def test_signs_are_orthogonal_without_a_turn(across):
    found = axes(scene(SMALL.replace(across=across)), load_model(MODELS[0]), Context())
    assert (found.inner, found.cosine) == (0, 0)
    assert set(found.across.unique().tolist()) <= {-1, 0, 1}


def test_random_signs_follow_the_seed():
    spec = SMALL.replace(across=RandomSigns())
    one, again, other = (axes(scene(spec), load_model(MODELS[0]), Context(seed)).across for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("clip", [False, True])
def test_a_surface_is_the_models_loss_at_its_points(clip):
    result = analyse(SMALL.replace(clip=clip, zoom=2), Context())
    [found] = result.models
    rows, columns = [0, 7, 20], [3, 10, 19]
    points = [result.image(found, result.along[c], result.across[r]) for r, c in zip(rows, columns, strict=True)]
    with torch.no_grad():
        logits = load_model(result.spec.models[0])(torch.from_numpy(np.stack(points)).float()).double()
    labels = torch.full((3,), result.y)
    assert found.answers.quantity("loss")[rows, columns] == pytest.approx(
        cross_entropy(logits, labels, reduction="none").numpy(), rel=1e-4, abs=1e-9
    )
    assert found.answers.quantity("probability")[rows, columns] == pytest.approx(
        logits.softmax(1)[:, result.y].numpy(), rel=1e-4, abs=1e-9
    )
    assert found.answers.prediction[rows, columns].tolist() == logits.argmax(1).tolist()
    assert (result.along[0], result.along[-1]) == pytest.approx((-0.15, 0.15))


def test_quantities_do_not_underflow():
    answers = Answers(np.array([-2000.0, -40.0, 0.0, 900.0]), np.zeros(4), np.zeros(4, int))
    assert answers.quantity("log loss") == pytest.approx([-2000 / np.log(10), -40 / np.log(10), np.log10(np.log(2)),
                                                          np.log10(900)])  # fmt: skip
    assert answers.quantity("loss")[1:] == pytest.approx([np.exp(-40), np.log(2), 900])
    assert answers.quantity("probability").tolist() == [1, 1, 0.5, 0]


@pytest.mark.slow
def test_the_coarse_picture_comes_first_and_stays_true(computed):
    partial: list[SurfaceResult] = []
    result = analyse(LossSurface(models=MODELS, pgd=PGD(steps=2)), Context(on_partial=partial.append))
    assert [len(each.along) for each in partial] == [11, 51, 101]
    assert [len(each.models[0].markers) for each in (*partial, result)] == [0, 0, 0, 3]
    for i in range(2):
        fine, coarse = result.models[i].answers, partial[0].models[i].answers
        assert np.array_equal(fine.log_odds[::10, ::10], coarse.log_odds)
    marks = 2 * (1 + 1 + 3)
    assert sum(computed) == 2 * 101**2 + marks


@pytest.mark.slow
def test_zooming_and_moving_compute_only_what_is_new(computed):
    spec = LossSurface(pgd=PGD(steps=1))
    analyse(spec, Context())
    ten_columns, half_known = 10 * 101, 5 * 51  # every second point of the inner columns belongs to the first picture
    for changed, new in (
        (spec.replace(zoom=2), 101**2 - 51**2),
        (spec.replace(zoom=2, centre_along=0.1), ten_columns - half_known),
        (spec, 0),
    ):
        computed.clear()
        analyse(changed, Context())
        assert sum(computed) == new


@pytest.mark.slow
def test_a_window_that_moved_is_the_same_surface():
    still, moved = (analyse(LossSurface(zoom=4, centre_along=c, pgd=PGD(steps=1)), Context()) for c in (0.0, 0.1))
    shift = int(np.argmin(np.abs(still.along - moved.along[0])))
    assert moved.along[0] == pytest.approx(still.along[shift], abs=1e-12)
    assert moved.models[0].answers.log_odds[:, :-shift] == pytest.approx(
        still.models[0].answers.log_odds[:, shift:], abs=1e-12
    )


@pytest.mark.parametrize(("ball", "radius"), [(Linf(0.3), None), (L2(2.0), 2.0)])
def test_the_edge_is_where_the_change_is_as_large_as_the_ball(ball, radius):
    [found] = analyse(SMALL.replace(ball=ball, across=RandomSigns()), Context()).models
    if radius:
        assert np.hypot(*found.edge.T) == pytest.approx(radius)
    else:
        assert np.abs(found.edge).sum(1) == pytest.approx(0.3)


def test_a_clipped_edge_is_never_inside_the_other():
    open_, clipped = (analyse(SMALL.replace(clip=clip), Context()).models[0].edge for clip in (False, True))
    assert (np.hypot(*clipped.T) >= np.hypot(*open_.T) - 1e-6).all()
    assert clipped[0] == pytest.approx([0.3, 0], abs=1e-6)


def test_fgsm_ends_the_first_axis_of_the_clipped_surface():
    [found] = analyse(SMALL.replace(clip=True), Context()).models
    fgsm = found.markers[0]
    assert (fgsm.name, fgsm.along[0], fgsm.across[0]) == ("FGSM", pytest.approx(0.3), pytest.approx(0, abs=1e-6))
    assert fgsm.away[0] < 1e-5
    edge = found.answers.quantity("loss")[10, -1]
    assert fgsm.answers.quantity("loss")[0] == pytest.approx(edge, rel=1e-3)


def test_marks_are_projected_at_right_angles():
    spec = SMALL
    result = analyse(spec, Context())
    [found] = result.models
    split = load_data(Digits()).test
    x, y = split.images([spec.image]), split.labels([spec.image])
    x_adv = attack(FGSM(), load_model(spec.models[0]), x, y, spec.ball)
    left = x_adv[0].double().numpy() - result.image(found, found.markers[0].along[0], found.markers[0].across[0])
    assert abs((left * found.g).sum()) < 1e-4
    assert abs((left * found.g_across).sum()) < 1e-4
    assert found.markers[0].away[0] == pytest.approx(np.linalg.norm(left), rel=1e-5)


def test_pgds_path_leads_from_its_start_to_its_end():
    [found] = analyse(SMALL, Context()).models
    assert [(each.name, len(each.along)) for each in found.markers] == [("FGSM", 1), ("R+FGSM", 1), ("PGD", 5)]
    loss = found.markers[2].answers.quantity("loss")
    assert loss[-1] > loss[0]


def test_a_point_of_the_clipped_surface_is_found_again():
    where = scene(SMALL.replace(clip=True))
    found = axes(where, load_model(MODELS[1]), Context())
    point = (where.x[0] + 0.2 * found.g - 0.05 * found.across).clamp(0, 1)
    place, away = nearest(where, found, point.unsqueeze(0))
    assert place[0].tolist() == pytest.approx([0.2, -0.05], abs=1e-6)
    assert float(away[0]) < 1e-6


def test_a_result_survives_the_store():
    result = analyse(SMALL.replace(models=MODELS), Context())
    again = unpack(pack(result))
    assert again.spec == result.spec
    assert np.array_equal(again.models[1].answers.log_odds, result.models[1].answers.log_odds)
    assert again.models[0].markers[2].name == "PGD"
    assert len(again.to_frame()) == 2 * 21 * 21
    assert set(again.markers_frame()["attack"]) == {"FGSM", "R+FGSM", "PGD"}


def test_it_stops_when_nobody_waits():
    with pytest.raises(Cancelled):
        analyse(SMALL, Context(cancelled=lambda: True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": ()}, "1 or 2"),
        ({"models": (MODELS[0], MODELS[0])}, "1 or 2"),
        ({"ball": Linf(0.0)}, "above 0"),
        ({"ball": L0()}, "L∞ or L2"),
        ({"zoom": 3}, "power of two"),
        ({"zoom": 2048}, "between 1 and 1024"),
        ({"points": 50}, "11, 21"),
        ({"centre_along": 2.0}, "between -1 and 1"),
    ],
)
def test_what_spans_no_picture_is_refused(change, words):
    with pytest.raises(SpecError, match=words):
        LossSurface(**change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": 360}, "no test image 360"),
        ({"models": (Trained("standard-b"),)}, "must be another one"),
        ({"along": TowardAttack(FGSM()), "across": TowardSecondAttack(FGSM())}, "span no plane"),
    ],
)
def test_what_cannot_be_computed_is_one_sentence(change, words):
    with pytest.raises(SpecError, match=words):
        analyse(SMALL.replace(**change), Context())


@pytest.mark.parametrize("arguments", [(20, 1), (4, 4)])
def test_a_hadamard_row_must_exist(arguments):
    with pytest.raises(SpecError, match="orders 4, 16"):
        HadamardSigns(*arguments)
