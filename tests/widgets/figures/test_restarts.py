"""Every figure of the restarts page: the same traces always, the result's numbers, units, captions, CSV."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from lab.results import RestartsResult
from tests.widgets.figures.conftest import Make
from widgets.dashboards.restarts.plots import PLOTS, RestartsLook
from widgets.figures.restarts.images import adversarial_images
from widgets.figures.restarts.losses import final_losses, final_losses_by_image, final_losses_frame
from widgets.figures.restarts.pairs import pair_angles, pair_distances
from widgets.figures.restarts.parts import LOWEST_ON_LOG
from widgets.figures.restarts.paths import PATHS, loss_paths, loss_paths_frame
from widgets.figures.restarts.spread import concentration

FIGURES = (
    final_losses,
    final_losses_by_image,
    loss_paths,
    concentration,
    pair_distances,
    pair_angles,
    adversarial_images,
)
ALL = [figure.__name__ for figure in FIGURES]
BY_IMAGE = ("final_losses", "loss_paths", "pair_distances", "pair_angles")
WITH_LOG = ("final_losses", "final_losses_by_image", "loss_paths", "concentration")


def draw(name: str, result: RestartsResult | None, **options: Any) -> go.Figure:
    [figure] = [each for each in FIGURES if each.__name__ == name]
    return figure(result, **options)


def seen(figure: go.Figure) -> list[Any]:
    return [trace for trace in figure.data if trace.visible]


def titles(layout: go.Layout) -> str:
    return f"{layout.xaxis.title.text} / {layout.yaxis.title.text}"


def text_of(figure: go.Figure) -> str:
    notes = " ".join(each.text for each in figure.layout.annotations)
    return f"{figure.layout.legend.title.text or ''} {notes}"


@pytest.mark.parametrize("name", ALL)
def test_the_traces_are_the_same_whatever_the_data(name: str, make: Make) -> None:
    four = ("standard", "standard-b", "fgsm-trained", "pgd-trained")
    every = [None, make(done=0.0), make(done=0.3), make(), make(names=four, images=6), make(("own",), images=1)]
    assert len({tuple(trace.type for trace in draw(name, each).data) for each in every}) == 1


@pytest.mark.parametrize("name", ALL)
def test_an_empty_figure_says_so_and_a_full_one_does_not(name: str, make: Make) -> None:
    assert "No restarts yet" in text_of(draw(name, None))
    assert not seen(draw(name, None))
    assert "No restarts yet" not in text_of(draw(name, make()))


@pytest.mark.parametrize("name", ALL)
def test_no_figure_carries_a_template(name: str, make: Make) -> None:
    assert len(str(draw(name, make()).layout.template.to_plotly_json())) < 100


@pytest.mark.parametrize("name", [each for each in ALL if each != "adversarial_images"])
def test_axes_have_titles_also_without_data(name: str, make: Make) -> None:
    for result in (None, make()):
        layout = draw(name, result).layout
        assert layout.xaxis.title.text
        assert layout.yaxis.title.text
        assert "nats" in titles(layout) or "pixel units" in titles(layout) or "degrees" in titles(layout)


@pytest.mark.parametrize("name", ALL)
def test_captions_count_the_restarts_honestly(name: str, make: Make) -> None:
    assert "100 restarts" in text_of(draw(name, make()))
    assert "30 of 100 restarts so far" in text_of(draw(name, make(done=0.3)))


@pytest.mark.parametrize("name", BY_IMAGE)
def test_captions_name_the_image_by_its_position_in_the_data_set(name: str, make: Make) -> None:
    assert "image 7 · label 2" in text_of(draw(name, make(), image=2))


@pytest.mark.parametrize("name", WITH_LOG)
def test_a_logarithmic_axis_is_one(name: str, make: Make) -> None:
    layout = draw(name, make(), log=True).layout
    assert "log" in (layout.xaxis.type, layout.yaxis.type)
    assert "log" not in (draw(name, make()).layout.xaxis.type, draw(name, make()).layout.yaxis.type)


@pytest.mark.parametrize("log", [False, True])
def test_every_restart_is_counted_once(make: Make, log: bool) -> None:
    for trace in draw("final_losses", make(done=0.3), log=log).data[:2]:
        assert trace.y.sum() == 30
    counted = [trace.y.sum() for trace in draw("final_losses_by_image", make(), log=log).data if trace.fill]
    assert counted == [100] * 6


def test_restarts_of_equal_loss_are_counted_too(make: Make) -> None:
    result = make(("standard",))
    result.models[0].loss[:] = 0.0
    for log in (False, True):
        assert draw("final_losses", result, log=log).data[0].y.sum() == 100
    assert f"drawn at {LOWEST_ON_LOG}" in text_of(draw("final_losses", result, log=True))


def test_the_mean_line_stands_at_the_mean(make: Make) -> None:
    result = make()
    lines = [trace for trace in seen(draw("final_losses", result, image=1)) if not trace.fill]
    for line, model in zip(lines, result.models, strict=True):
        np.testing.assert_allclose(line.x, model.final_loss[:, 1].mean())


def test_bins_hold_the_losses_between_their_edges(make: Make) -> None:
    result = make()
    frame = final_losses_frame(result, image=1)
    for model in result.models:
        mine, losses = frame[frame.model == model.model], model.final_loss[:, 1].astype(np.float64)
        for row in mine.itertuples():
            inside = (losses >= row.loss_from) & (losses < row.loss_to)
            assert abs(int(inside.sum()) - row.restarts) <= (row.loss_to == mine.loss_to.max())


@pytest.mark.parametrize("log", [False, True])
def test_steps_stand_over_the_middles_of_their_bins(make: Make, log: bool) -> None:
    result = make()
    frame = final_losses_frame(result, image=0, log=log)
    for trace, model in zip(draw("final_losses", result, log=log).data, result.models, strict=False):
        filled = frame[(frame.model == model.model) & (frame.restarts > 0)]
        middles = np.sqrt(filled.loss_from * filled.loss_to) if log else (filled.loss_from + filled.loss_to) / 2
        np.testing.assert_allclose(trace.x[trace.y > 0], middles)
        np.testing.assert_array_equal(trace.y[trace.y > 0], filled.restarts)


def test_paths_are_the_losses_of_the_first_restarts_with_a_gap_after_each(make: Make) -> None:
    result = make()
    figure = draw("loss_paths", result, image=1)
    for trace, model in zip(figure.data, result.models, strict=False):
        drawn = trace.y.reshape(PATHS, 22)
        np.testing.assert_array_equal(drawn[:, :-1], model.loss[:PATHS, :, 1])
        assert np.isnan(drawn[:, -1]).all()
        np.testing.assert_array_equal(trace.x.reshape(PATHS, 22)[0], np.arange(22))
    assert f"first {PATHS}" in text_of(figure)
    np.testing.assert_allclose(figure.data[4].y, result.models[0].loss[:, :, 1].mean(0))


def test_concentration_draws_the_frame(make: Make) -> None:
    result = make()
    figure, frame = draw("concentration", result), result.concentration()
    for i, model in enumerate(result.models):
        mine = frame[frame.model == model.model]
        dots, largest = figure.data[2 * i : 2 * i + 2]
        np.testing.assert_allclose(dots.y, mine["mean"], rtol=1e-5)
        np.testing.assert_allclose(dots.error_y.array, mine["standard_deviation"], rtol=1e-4)
        np.testing.assert_allclose(largest.y, mine["largest"], rtol=1e-5)
        np.testing.assert_allclose(largest.customdata, mine["outlier"], rtol=1e-3)


def test_concentration_of_one_restart_has_no_deviation(make: Make) -> None:
    dots = draw("concentration", make(restarts=1)).data[0]
    assert (dots.error_y.array == 0).all()


@pytest.mark.parametrize("name", ["pair_distances", "pair_angles"])
def test_shares_of_pairs_sum_to_all(name: str, make: Make) -> None:
    shares = [trace.y.sum() for trace in seen(draw(name, make())) if trace.fill]
    assert shares == pytest.approx([100.0] * (3 if name == "pair_distances" else 2))


def test_angles_have_the_line_of_unrelated_directions(make: Make) -> None:
    assert list(seen(draw("pair_angles", make()))[-1].x) == [90, 90]


def test_one_restart_makes_no_pair(make: Make) -> None:
    assert "one restart makes no pair" in text_of(draw("pair_distances", make(restarts=1)))


def test_zoom_survives_more_restarts_but_not_another_image(make: Make) -> None:
    early, late = draw("final_losses", make(done=0.3)), draw("final_losses", make())
    assert early.layout.uirevision == late.layout.uirevision
    assert early.layout.uirevision != draw("final_losses", make(), image=1).layout.uirevision


@pytest.mark.parametrize("name", BY_IMAGE)
def test_hidden_models_stay_hidden_but_hide_no_other_model(name: str, make: Make) -> None:
    early, late, other = (draw(name, each) for each in (make(done=0.3), make(), make(("fgsm-trained", "own"))))
    assert early.layout.legend.uirevision == late.layout.legend.uirevision
    assert early.layout.legend.uirevision != other.layout.legend.uirevision


def test_a_model_name_is_never_markup(make: Make) -> None:
    assert "<b>" not in draw("loss_paths", make(("a<b>bold",))).data[0].name


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_has_numbers_to_download(name: str, make: Make) -> None:
    expected = PLOTS[name].frame(make(), RestartsLook(image=1))
    read = pd.read_csv(io.StringIO(expected.to_csv(index=False)))
    assert list(read.columns) == list(expected.columns)
    assert len(read) == len(expected) > 0


def test_csv_of_paths_has_every_drawn_point(make: Make) -> None:
    result = make(done=0.3)
    frame = loss_paths_frame(result, image=2)
    assert len(frame) == 2 * 30 * 21
    point = frame[(frame.model == "pgd-trained") & (frame.restart == 4) & (frame.step == 7)]
    assert point.loss.item() == result.models[1].loss[4, 7, 2]


@pytest.mark.parametrize("look", [RestartsLook(all_images=False), RestartsLook()])
def test_before_a_model_has_restarts_the_tables_of_losses_are_empty(make: Make, look: RestartsLook) -> None:
    result = replace(make(), models=())
    assert all(PLOTS[name].frame(result, look).empty for name in ("final-losses", "loss-paths"))
