"""The figures of the page Embeddings: the same traces whatever the data, and what a person can check."""

import re
from dataclasses import replace

import numpy as np
import pytest

from lab.counts import percent
from lab.specs import Embeddings, Trained
from tests.widgets.embedded import embedded
from widgets.figures.embedding.curves import (
    accuracy_bands,
    accuracy_over_eps,
    bands_frame,
    distance_bands,
    distance_over_eps,
    logit_bands,
    logits_over_eps,
)
from widgets.figures.embedding.names import spread
from widgets.figures.embedding.plane import TRACES, embedding_frame, embedding_plane
from widgets.figures.embedding.regions import cut, regions
from widgets.figures.embedding.view import AS_IT_IS, PCA, PROJECTIONS, T_SNE, TWO_CLASSES, pair, seen
from widgets.theme import HEADING

NAMES = ("mine", "standard", "pgd-trained")
FIGURES = {
    "accuracy": lambda result: accuracy_over_eps(result, 2),
    **{name: lambda result, name=name: embedding_plane(result, name, 2) for name in PROJECTIONS},
    "logits": lambda result: logits_over_eps(result, 2),
    "distances": lambda result: distance_over_eps(result, 2),
}


def spec(models: int = 2, **changes) -> Embeddings:
    about = {"images": (3, 7, 0), "count": 40, "averaged": 20, "levels": 4} | changes
    return Embeddings(models=tuple(Trained(name) for name in NAMES[:models]), **about)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_the_traces_are_the_same_whatever_the_data(draw):
    results = (None, embedded(spec(1), averaged=0), embedded(spec(2)), embedded(spec(3, t_sne=True)))
    kinds = [[each.type for each in draw(result).data] for result in results]
    assert kinds == [kinds[0]] * len(kinds)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_without_a_result_it_says_so(draw):
    figure = draw(None)
    assert not any(each.visible for each in figure.data)
    assert figure.layout.annotations[0].text == "Not computed yet"


def test_ways_are_drawn_up_to_the_level_with_a_gap_after_each():
    figure = embedding_plane(embedded(spec(1)), AS_IT_IS, 2)
    ways, heads = figure.data[2], figure.data[4]
    assert len(ways.x) == 3 * (2 + 2)
    assert np.isnan(ways.x[3])
    assert (ways.x[2], ways.y[2]) == (heads.x[0], heads.y[0])


def test_a_head_is_crossed_and_coloured_by_the_class_that_is_read():
    result = embedded(spec(1))
    start, end = (embedding_plane(result, AS_IT_IS, level).data[4] for level in (0, 4))
    assert set(start.marker.symbol) == {"circle"}
    assert set(end.marker.symbol) == {"x"}
    assert start.marker.color != end.marker.color
    assert "predicted 4" in end.text[0]


def test_regions_are_those_of_the_largest_logit():
    draw = np.random.default_rng(0)
    weight, bias = draw.normal(size=(7, 2)), draw.normal(size=7)
    found = regions(weight, bias, np.array([[-3, -3], [3, 3]]))
    points = draw.uniform(-3, 3, (400, 2))
    winner = (points @ weight.T + bias).argmax(1)
    assert {int(each) for each in winner} <= set(found)
    for label, polygon in found.items():
        edges = np.roll(polygon, -1, axis=0) - polygon
        away = points[:, None] - polygon
        inside = (edges[:, 0] * away[..., 1] - edges[:, 1] * away[..., 0] >= 0).all(1)
        assert np.array_equal(inside, winner == label)


def test_cutting_away_everything_leaves_nothing():
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    assert len(cut(square, np.array([1.0, 0.0]), -2.0)) == 0
    assert np.array_equal(cut(square, np.array([1.0, 0.0]), 2.0), square)


def test_regions_stand_behind_two_dimensions_and_two_classes_only():
    result = embedded(spec(2))
    shapes = {name: len(embedding_plane(result, name, 0).layout.shapes) for name in PROJECTIONS}
    assert shapes == {AS_IT_IS: 10, PCA: 0, TWO_CLASSES: 4, T_SNE: 0}


def test_two_classes_are_the_label_and_what_the_image_is_pushed_toward():
    result = embedded(spec(1))
    assert pair(result, result.models[0], 1) == (7, 8)
    view = seen(result, result.models[0], TWO_CLASSES, 1)
    assert view.layout.clean == pytest.approx(result.models[0].logits[:, [7, 8]])
    assert view.titles == ("logit of 7", "logit of 8")


def test_more_dimensions_are_shown_by_pca_and_it_says_of_what():
    result = embedded(spec(2))
    view = seen(result, result.models[1], AS_IT_IS, 0)
    assert view.layout is result.models[1].pca
    assert "PCA of the clean embeddings" in view.words
    assert "50%" in view.titles[0]


def test_t_sne_is_said_to_be_no_map_and_to_be_missing():
    asked = embedding_plane(embedded(spec(1, t_sne=True)), T_SNE, 0)
    assert "distances between clusters mean nothing" in asked.layout.xaxis.title.text
    without = embedding_plane(embedded(spec(1)), T_SNE, 0)
    assert "Switch on t-SNE" in without.layout.annotations[0].text


def test_one_scale_for_all_panels():
    result = embedded(spec(2))
    spans = [
        {round(axis.range[1] - axis.range[0], 6) for axis in (figure.layout.xaxis, figure.layout.xaxis2)}
        for figure in (embedding_plane(result, AS_IT_IS, 0, common=True),)
    ]
    assert [len(each) for each in spans] == [1]
    assert logits_over_eps(result, 0, common=True).layout.yaxis2.matches == "y"


def test_logits_are_means_with_deviations():
    figure = logits_over_eps(embedded(spec(1)), 0)
    line, band = figure.data[1], figure.data[0]
    assert (line.y[0], line.y[-1]) == (8, -8)
    assert len(band.x) == 2 * len(line.x)
    assert "20 images" in figure.layout.legend.title.text


def test_accuracies_have_intervals_and_the_note_says_before_and_after():
    result = embedded(spec(2))
    [first, second] = accuracy_bands(result)
    assert first.middle.tolist() == result.accuracy(result.models[0]).tolist()
    assert ((first.low <= first.middle) & (first.middle <= first.high) & (first.low < first.high)).all()
    for level in (0, 4):
        figure = accuracy_over_eps(result, level)
        note = figure.layout.legend.title.text
        assert "20 images" in note
        for band in (first, second):
            assert f"{band.model} {percent(band.middle[0])} → {percent(band.middle[level])}" in note
        assert figure.layout.shapes[0].x0 == result.spec.eps[level]
    assert first.middle[0] != first.middle[4]


def test_distances_are_relative_to_the_distance_of_the_classes():
    result = embedded(spec(1))
    absolute, relative = (distance_over_eps(result, 0, each).data[1] for each in (False, True))
    assert (absolute.y[-1], relative.y[-1]) == (4, 2)


def test_a_partial_result_says_how_many_images():
    assert "8 of 20 images so far" in logits_over_eps(embedded(spec(1), averaged=8), 0).layout.legend.title.text


@pytest.mark.parametrize("factor", [0.02, 50.0])
def test_regions_fill_every_panel_also_on_a_common_scale(factor):
    """Of a model whose embedding is far smaller than another's they would end in a small square."""
    result = embedded(spec(2))
    first, second = result.models
    second = replace(second, logits=factor * second.logits, way_logits=factor * second.way_logits)
    figure = embedding_plane(replace(result, models=(first, second)), TWO_CLASSES, 2, common=True)
    for end in ("", "2"):
        paths = [each.path for each in figure.layout.shapes if each.xref == f"x{end}"]
        reached = np.array(
            [point.split(",") for path in paths for point in re.findall(r"-?[\d.e+-]+,-?[\d.e+-]+", path)]
        )
        low, high = reached.astype(float).min(0), reached.astype(float).max(0)
        for i, axis in enumerate(("xaxis", "yaxis")):
            shown = figure.layout[f"{axis}{end}"].range
            assert low[i] < shown[0] < shown[1] < high[i]


@pytest.mark.parametrize("relative", [False, True])
def test_the_tables_of_the_curves_hold_the_drawn_numbers(relative):
    result = embedded(spec(2))
    logits, distances = bands_frame(logit_bands(result)), bands_frame(distance_bands(result, relative))
    accuracies = bands_frame(accuracy_bands(result))
    assert len(logits) == 2 * len(distances) == 2 * len(accuracies) == 4 * len(result.spec.eps)
    drawn = (logits_over_eps(result, 0), distance_over_eps(result, 0, relative), accuracy_over_eps(result, 0))
    for table, figure in zip((logits, distances, accuracies), drawn, strict=True):
        drawn = [line for band, line in zip(figure.data[::2], figure.data[1::2], strict=True) if line.visible]
        assert np.concatenate([each.y for each in drawn]).tolist() == table["middle"].tolist()
    assert bands_frame(logit_bands(None)).empty


def test_a_frame_holds_every_drawn_point():
    frame = embedding_frame(embedded(spec(2)), PCA)
    assert len(frame) == 2 * (40 + 5 * 3)
    assert set(frame["model"]) == {"mine", "standard"}
    assert embedding_frame(embedded(spec(2)), T_SNE).empty


def test_names_cannot_bring_markup():
    named = Embeddings(models=(Trained("<img src=x>"),), images=(0,), count=10)
    for draw in FIGURES.values():
        assert "<img" not in draw(embedded(named)).to_json()


def test_a_point_knows_its_panel():
    figure = embedding_plane(embedded(spec(2)), AS_IT_IS, 0)
    assert [each.xaxis for each in figure.data[::TRACES]][:2] == ["x", "x2"]


def overlapping(places: np.ndarray, widths: np.ndarray, height: float) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i in range(len(places))
        for j in range(i)
        if abs(places[i, 0] - places[j, 0]) < (widths[i] + widths[j]) / 2
        and abs(places[i, 1] - places[j, 1]) < height * (1 - 1e-6)
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("extent", [0.0, 1.0, 5.0])
def test_names_of_classes_do_not_stand_on_one_another(seed, extent):
    """Ten names of real lengths, whose classes lie as close as those of CIFAR-10 do in a principal plane."""
    places = np.random.default_rng(seed).normal(0, extent, (10, 2))
    widths = np.array([8, 10, 4, 3, 4, 3, 4, 5, 4, 5]) * 0.3
    found = spread(places, widths, 0.6)
    assert overlapping(found, widths, 0.6) == []
    assert (found[:, 0] == places[:, 0]).all()
    assert np.abs(found - places).max() <= 10 * 0.6


@pytest.mark.parametrize("models", [1, 2, 3])
def test_names_of_classes_keep_apart_on_a_phone(models):
    """Drawn 240 px wide, where a unit of the axes has as many pixels in both directions."""
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    result = replace(embedded(spec(models)), class_names=names)
    figure = embedding_plane(result, PCA, 2)
    narrow = figure.layout.meta["narrow"]["traces"]
    for i in range(models):
        axis = figure.layout[f"xaxis{i + 1 if i else ''}"], figure.layout[f"yaxis{i + 1 if i else ''}"]
        pixel = max((each.range[1] - each.range[0]) / pixels for each, pixels in zip(axis, (240, 290), strict=True))
        drawn = narrow[str(i * TRACES + 1)]
        widths = np.array([len(names[label]) for label in np.unique(result.y)]) * 0.62 * HEADING * pixel
        assert len(widths) > 5
        assert overlapping(np.stack([drawn["x"], drawn["y"]], axis=1), widths, 1.4 * HEADING * pixel) == []


def test_names_apart_stay_where_their_classes_are():
    places = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 1.0]])
    assert (spread(places, np.ones(3), 0.6) == places).all()
    assert spread(places[:0], np.ones(0), 0.6).shape == (0, 2)
