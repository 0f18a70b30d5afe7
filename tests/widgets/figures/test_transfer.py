"""The figures of the transfer matrix: what they draw of a result, of a part of one, and of none."""

import numpy as np
import pytest

from lab.results.transfer import ACCURACY, ERROR, TRANSFER
from lab.specs import FGSM, PGD, Linf, Trained, TransferMatrix
from lab.specs.attacks import attack_names
from tests.widgets.transferred import transferred
from widgets.figures.names import shortened, wrapped
from widgets.figures.transfer.black_boxes import black_box, black_box_frame
from widgets.figures.transfer.curves import correlation_frame, over_eps, over_eps_frame, perturbation_correlation
from widgets.figures.transfer.matrix import (
    Cell,
    _cell_words,
    _plain_words,
    transfer_matrix,
    transfer_matrix_frame,
)

SPEC = TransferMatrix(
    models=(Trained("a"), Trained("<b>"), Trained("c")), attacks=(FGSM(), PGD()), ball=Linf(0.2), eps=(0.1,), images=60
)
CELL = Cell(attack=0, measure=ERROR, top=1, source=0, target=1)
FIGURES = (transfer_matrix, over_eps, black_box, perturbation_correlation)


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
def test_the_traces_are_the_same_whatever_is_drawn(draw):
    whole, part, none = (draw(each, CELL) for each in (transferred(SPEC), transferred(SPEC, 1), None))
    single = draw(transferred(SPEC.replace(models=(Trained("a"),))), CELL)
    kinds = [[trace.type for trace in figure.data] for figure in (whole, part, none, single)]
    assert kinds[0] == kinds[1] == kinds[2] == kinds[3]
    assert "<b>" not in [trace.name for trace in whole.data]


def test_a_cell_has_its_rate_its_interval_and_its_count():
    matrix = transfer_matrix(transferred(SPEC), CELL).data[0]
    np.testing.assert_allclose(matrix.z, [[100, 50, 100 / 3], [50, 100, 50], [100 / 3, 50, 100]])
    assert "<b>50</b>" in matrix.text[0][1]
    assert "38–62 · n 60" in matrix.text[0][1]
    assert "30 of n = 60 images" in matrix.hovertext[0][1]
    assert "white box" in matrix.hovertext[1][1]
    assert "&lt;b&gt;" in matrix.hovertext[0][1]


def test_below_stand_the_worst_and_the_mean_of_the_other_sources():
    figure = transfer_matrix(transferred(SPEC), CELL)
    np.testing.assert_allclose(figure.data[1].z, [[50, 50, 50], [125 / 3, 50, 125 / 3]])
    assert "highest of others" in figure.layout.yaxis.ticktext[3]
    figure = transfer_matrix(transferred(SPEC), Cell(0, ACCURACY, 1, 0, 1))
    np.testing.assert_allclose(figure.data[1].z[0], [50, 50, 50])
    assert "lowest of others" in figure.layout.yaxis.ticktext[3]


def test_a_rate_reads_the_same_in_its_cell_and_below():
    hits, of = np.array([[69]]), np.array([[120]])  # 57.5%, and a hair less as a float
    assert ">58<" in _plain_words(hits / of)[0][0]
    assert ">58<" in _cell_words(hits, of)[0][0]


def test_white_boxes_and_the_chosen_cell_are_framed():
    frames = transfer_matrix(transferred(SPEC), CELL).layout.shapes
    middles = [((each.x0 + each.x1) / 2, (each.y0 + each.y1) / 2) for each in frames]
    np.testing.assert_allclose(middles, [(0, 0), (1, 1), (2, 2), (1, 0)], atol=1e-9)


def test_sources_that_are_still_computed_are_empty_rows():
    figure = transfer_matrix(transferred(SPEC, 1), CELL)
    assert np.isnan(figure.data[0].z[1:]).all()
    assert figure.data[0].text[1][0] == "–"
    assert "2 sources to come" in figure.layout.annotations[0].text


def test_where_the_source_is_never_fooled_there_is_no_transfer_rate():
    result = transferred(SPEC)
    for shown in result.shown:
        shown.rank[:] = 0
    cell = Cell(0, TRANSFER, 1, 0, 1)
    assert transfer_matrix(result, cell).data[0].text[0][0] == "–"
    assert not any(trace.visible for trace in over_eps(result, cell).data)


def test_a_cell_beyond_the_result_is_the_last_one():
    far = Cell(5, ERROR, 1, 9, 9)
    assert far.within(transferred(SPEC)) == Cell(1, ERROR, 1, 2, 2)
    for draw in FIGURES:
        draw(transferred(SPEC), far)


def test_the_curve_has_a_line_for_each_attack_with_intervals():
    first, second, third = over_eps(transferred(SPEC), CELL).data[:3]
    np.testing.assert_allclose((first.x, first.y), [(0.1, 0.2), (50, 50)])
    assert (first.name, second.name, third.visible) == ("FGSM", "PGD", False)
    assert first.error_y.array[0] == pytest.approx(12.3, abs=0.1)
    assert first.line.dash != second.line.dash


def test_the_chosen_pair_has_a_band_and_a_model_with_itself_has_none():
    grey, band, line = perturbation_correlation(transferred(SPEC), CELL).data
    np.testing.assert_allclose(line.y, 0.3, atol=1e-6)
    assert (band.visible, len(grey.x)) == (True, 3 * (2 + 1))
    own = perturbation_correlation(transferred(SPEC), Cell(0, ERROR, 1, 1, 1))
    assert (own.data[1].visible, own.data[2].visible) == (False, False)
    assert "choose two different models" in own.layout.legend.title.text


def test_a_black_box_stronger_than_the_white_box_is_pointed_out():
    result = transferred(SPEC)
    assert len(black_box(result, CELL).layout.annotations) == 0
    for shown in result.shown:
        shown.rank[1, 1] = 0
    [warning] = black_box(result, CELL).layout.annotations
    assert (warning.x, warning.text) == (1, "above<br>white box")


def test_the_tables_hold_what_is_drawn():
    result = transferred(SPEC)
    assert len(transfer_matrix_frame(result, CELL)) == 4 * 9
    assert over_eps_frame(result, CELL)[["source", "target"]].drop_duplicates().to_numpy().tolist() == [["a", "<b>"]]
    assert black_box_frame(result, CELL)["black_box_worst"].tolist() == [0.5, 0.5, 0.5]
    frame = correlation_frame(result, CELL)
    assert (len(frame), frame["correlation"].iloc[0]) == (4 * 3, pytest.approx(0.3))


def test_a_long_name_is_cut_or_wrapped_and_stays_escaped():
    assert shortened("pgd-trained") == wrapped("pgd-trained") == "pgd-trained"
    assert wrapped("pivot-cascade-trained") == "pivot-<br>cascade-<br>trained"
    assert shortened("&lt;" * 30) == "&lt;" * 23 + "…"


def test_two_attacks_of_a_kind_are_told_apart():
    assert attack_names((FGSM(), PGD(), PGD(steps=5))) == ["FGSM", "PGD (steps 40)", "PGD (steps 5)"]


@pytest.mark.parametrize("table", [transfer_matrix_frame, over_eps_frame, correlation_frame])
def test_before_a_source_is_computed_the_table_is_empty(table):
    assert table(transferred(SPEC, 0), CELL).empty
