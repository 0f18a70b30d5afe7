"""The figures of the loss surface: the same traces whatever the data, and lines where they belong."""

import numpy as np
import pytest

from lab.results.surface import QUANTITIES
from lab.specs import LossSurface, Trained
from tests.widgets.surfaced import surfaced
from widgets.figures.surface.contours import contour_map, map_frame
from widgets.figures.surface.cross_sections import cross_sections, cross_sections_frame
from widgets.figures.surface.parts import boundary, in_grid, interpolated, limits, other_classes, panels
from widgets.figures.surface.three_d import surface_3d

FIGURES = (surface_3d, contour_map, cross_sections)


def spec(models: int = 2, **changes) -> LossSurface:
    return LossSurface(models=tuple(Trained(name) for name in ("standard", "fgsm-trained")[:models]), **changes)


@pytest.mark.parametrize("draw", FIGURES)
def test_the_traces_are_the_same_whatever_the_data(draw):
    results = (None, surfaced(spec(1)), surfaced(spec(2)), surfaced(spec(2), done=0.01))
    kinds = [[each.type for each in draw(result).data] for result in results]
    assert kinds == [kinds[0]] * 4


@pytest.mark.parametrize("draw", FIGURES)
def test_without_a_result_it_says_so(draw):
    figure = draw(None)
    assert not any(each.visible for each in figure.data)
    assert figure.layout.annotations[0].text == "Not computed yet"


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("draw", FIGURES)
def test_every_quantity_is_drawn_on_one_scale(draw, quantity):
    result = surfaced(spec(2))
    figure = draw(result, quantity)
    low, high = limits(panels(result, quantity), quantity)
    assert low < high
    if draw is surface_3d:
        scenes = figure.layout.scene, figure.layout.scene2
        assert scenes[0].zaxis.range == scenes[1].zaxis.range
        ranges = {(each.cmin, each.cmax) for each in figure.data if each.type == "surface"}
        assert ranges == {(low, high)}


def test_a_surface_alone_is_seen_from_closer_unless_it_was_turned():
    def far(models: int, camera=None) -> float:
        eye = surface_3d(surfaced(spec(models)), camera=camera).layout.scene.camera.eye
        return float(np.linalg.norm([eye.x, eye.y, eye.z]))

    assert far(1) < 0.8 * far(2)
    turned = {"eye": {"x": 2.0, "y": 0.0, "z": 0.0}}
    assert far(1, turned) == far(2, turned) == 2.0


def test_colours_tell_the_class_if_asked():
    result = surfaced(spec(2))
    surface = surface_3d(result, by_class=True).data[0]
    assert set(np.unique(surface.surfacecolor)) == {2, 7}
    ground = contour_map(result, by_class=True).data[0]
    assert set(np.unique(ground.z)) == {2, 7}
    assert "predicted 2 (label)" in [each.name for each in contour_map(result, by_class=True).data if each.showlegend]


def test_the_boundary_runs_where_the_class_changes():
    line = next(each for each in contour_map(surfaced(spec(1))).data if each.name == "predicted 7")
    along = np.array(line.x, float)
    assert np.nanmin(along) == pytest.approx(0.09)
    assert np.nanmax(along) == pytest.approx(0.09)
    assert other_classes(surfaced(spec(1))) == [7]


def test_boundary_of_a_single_point_is_a_diamond_around_it():
    inside = np.zeros((3, 3), bool)
    inside[1, 1] = True
    segments = boundary(inside)
    assert len(segments) == 4
    assert np.abs(segments - 1).sum(-1) == pytest.approx(0.5)
    assert len(boundary(np.ones((3, 3), bool))) == 0


def test_two_diagonal_points_have_boundaries_of_their_own():
    assert len(boundary(np.eye(2, dtype=bool))) == 2


def test_interpolation_is_exact_for_a_plane_and_nothing_outside():
    rows, columns = np.mgrid[0:5, 0:5].astype(float)
    grid = 2 * rows - 3 * columns
    places = np.array([[0.5, 1.25], [4, 4], [4.1, 0], [np.nan, 1]])
    assert interpolated(grid, places).tolist() == pytest.approx([1 - 3.75, -4, np.nan, np.nan], nan_ok=True)


def test_places_in_the_grid():
    result = surfaced(spec(1))
    assert in_grid(result, np.array([-0.3, 0.0]), np.array([0.3, 0.0])).tolist() == [[10, 0], [5, 5]]


def test_marks_stand_at_their_own_value_and_tell_how_far_from_the_plane():
    figure = surface_3d(surfaced(spec(1)))
    fgsm = next(each for each in figure.data if each.name == "FGSM")
    assert fgsm.z[0] == pytest.approx(np.logaddexp(0, 60 * 0.2))
    assert fgsm.customdata[0][1] == 0.5
    assert not any(each.visible for each in surface_3d(surfaced(spec(1)), marks=False).data if each.name == "FGSM")


def test_marks_outside_the_window_are_left_out_of_the_scene():
    figure = surface_3d(surfaced(spec(1, zoom=4)))
    names = [each.name for each in figure.data if each.visible and each.type == "scatter3d"]
    assert "FGSM" not in names
    assert "PGD" in names


def test_the_image_is_marked_only_where_it_is_in_sight():
    shown = [
        any(each.name == "image" and each.visible for each in surface_3d(surfaced(spec(1, **window))).data)
        for window in ({}, {"zoom": 8, "centre_along": 0.5})
    ]
    assert shown == [True, False]


def test_cuts_are_dotted_where_the_label_is_lost():
    figure = cross_sections(surfaced(spec(1)))
    solid, dotted = figure.data[0], figure.data[1]
    assert np.isnan(np.array(solid.y, float)[-1])
    assert np.isnan(np.array(dotted.y, float)[0])
    assert dotted.line.dash == "dot"


def test_the_table_of_the_cross_sections_holds_the_drawn_numbers():
    result = surfaced(spec(2))
    table, figure = cross_sections_frame(result), cross_sections(result, "margin")
    assert set(table["cut"]) == {"along g", "along g⊥"}
    whole = result.to_frame()
    assert len(table.merge(whole, on=list(whole.columns))) == len(table)  # of the plane's own points
    for solid, dotted, (_, rows) in zip(
        figure.data[::2], figure.data[1::2], table.groupby(["cut", "model"], sort=False), strict=True
    ):
        drawn = np.where(np.isnan(np.array(solid.y, float)), dotted.y, solid.y)
        assert drawn.tolist() == rows["margin"].tolist()
        assert list(solid.x) == rows["along" if rows["cut"].iloc[0] == "along g" else "across"].tolist()


def test_a_camera_is_the_same_for_all_scenes():
    camera = {"eye": {"x": 0.0, "y": 2.0, "z": 1.0}}
    layout = surface_3d(surfaced(spec(2)), camera=camera).layout
    assert layout.scene.camera.eye.y == layout.scene2.camera.eye.y == 2
    assert layout.scene.uirevision != surface_3d(surfaced(spec(2))).layout.scene.uirevision


def test_every_point_is_in_the_table():
    frame = map_frame(surfaced(spec(2)))
    assert len(frame) == 2 * 11 * 11
    assert {"loss", "log_loss", "margin", "probability", "prediction"} <= set(frame.columns)


@pytest.mark.parametrize("draw", FIGURES)
def test_names_cannot_bring_markup(draw):
    named = LossSurface(models=(Trained("<img src=x>"),))
    assert "<img" not in draw(surfaced(named)).to_json()


def test_a_map_and_a_scene_keep_their_size_on_a_phone_however_many_stand_beside_each_other():
    for drawn in (contour_map, surface_3d):
        one, two = (drawn(surfaced(spec(models))).layout.meta["least"] for models in (1, 2))
        assert two - one >= 240
