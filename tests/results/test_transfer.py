"""Transfer counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from lab.cli.analyse import rows
from lab.results import Shown, TransferResult, pack, unpack
from lab.results.transfer import ACCURACY, ERROR, TRANSFER, TRANSFER_BOTH
from lab.specs import FGSM, PGD, Linf, Trained, TransferMatrix

SPEC = TransferMatrix(
    models=(Trained("a"), Trained("b")), attacks=(FGSM(), PGD()), ball=Linf(0.2), eps=(0.1,), images=4
)
# Four images; 0 means that the label is the likeliest class. Model a misclassifies the last one clean, b the third.
CLEAN = np.array([[0, 0, 0, 1], [0, 0, 2, 0]], np.int16)
FGSM_RANK = np.array([[[1, 3, 1, 1], [1, 0, 1, 0]], [[0, 0, 0, 1], [2, 0, 2, 0]]], np.int16)
PGD_RANK = np.array([[[1, 1, 1, 1], [0, 0, 2, 0]], [[0, 2, 0, 1], [4, 4, 4, 4]]], np.int16)


@pytest.fixture
def result():
    correlation = np.array([[1.0, 0.5, np.nan, 0.0]], np.float32)
    shown = (
        Shown(FGSM(), 0.2, FGSM_RANK, (), correlation),
        Shown(PGD(), 0.2, PGD_RANK, (), correlation),
        Shown(FGSM(), 0.1, FGSM_RANK, (), correlation),
    )
    return TransferResult(SPEC, ("a", "b"), np.arange(4), tuple("0123456789"), CLEAN, shown, 1.0)


def counted(result, measure, k=1):
    return [each.tolist() for each in result.counts(result.at(FGSM()), measure, k)]


def test_transfer_is_of_the_images_that_the_source_lost_by_the_attack(result):
    """Kurakin et al. 2017, §4.4: clean classified correctly, adversarial misclassified, by the source."""
    # a: images 0, 1, 2 were right and are fooled; b misclassifies 0 and 2 of them. b: only image 0; a reads it rightly.
    assert counted(result, TRANSFER) == [[[3, 2], [0, 1]], [[3, 3], [1, 1]]]


def test_the_stricter_rate_leaves_out_what_the_target_misread_anyway(result):
    assert counted(result, TRANSFER_BOTH) == [[[3, 1], [0, 1]], [[3, 2], [1, 1]]]


def test_error_and_accuracy_are_of_all_images(result):
    assert counted(result, ERROR) == [[[4, 2], [1, 2]], [[4, 4], [4, 4]]]
    errors, accuracies = (result.rates(result.at(FGSM()), each) for each in (ERROR, ACCURACY))
    np.testing.assert_allclose(errors + accuracies, 1)


def test_top_k_asks_for_the_label_among_the_k_likeliest_everywhere(result):
    # Top 2: a loses image 1 only (rank 3), which b keeps; b loses image 0 (rank 2), which a keeps.
    assert counted(result, TRANSFER, 2) == [[[1, 0], [0, 1]], [[1, 1], [1, 1]]]
    assert counted(result, ERROR, 10) == [[[0, 0], [0, 0]], [[4, 4], [4, 4]]]


def test_no_image_that_counts_is_no_rate(result):
    assert np.isnan(result.rates(result.at(FGSM()), TRANSFER, 5)).all()


def test_the_black_box_leaves_the_white_box_out(result):
    """Tramèr et al. 2018, Table 8: maximum and average over attacks and other sources."""
    worst, mean = result.black_box((FGSM(), PGD()), ERROR)
    np.testing.assert_allclose(worst, [0.5, 0.5])
    np.testing.assert_allclose(mean, [(0.25 + 0.5) / 2, (0.5 + 0.25) / 2])
    lowest, _ = result.black_box((FGSM(), PGD()), ACCURACY)
    np.testing.assert_allclose(lowest, [0.5, 0.5])
    assert np.isnan(result.black_box((), ERROR)).all()


def test_curves_are_by_rising_eps(result):
    assert [each.eps for each in result.over_eps(FGSM())] == [0.1, 0.2]
    assert (result.at(PGD(), 0.1), result.at(PGD()).eps) == (None, 0.2)


def test_a_pair_has_its_correlation_in_either_order(result):
    shown = result.at(FGSM())
    np.testing.assert_array_equal(shown.pair(0, 1), shown.pair(1, 0))
    assert len(shown.pair(1, 1)) == 0


def test_the_table_has_a_row_for_every_cell_with_its_interval(result):
    frame = result.to_frame()
    assert len(frame) == 3 * 4
    row = frame[(frame.source == "a") & (frame.target == "b") & (frame.eps == 0.2) & (frame.attack == "FGSM")].iloc[0]
    assert (row.transfer_rate, row.transfer_rate_of, row.white_box) == (pytest.approx(2 / 3), 3, False)
    assert row.error_rate_low < row.error_rate < row.error_rate_high


def test_it_survives_the_store(result):
    again = unpack(pack(result))
    np.testing.assert_array_equal(again.shown[1].rank, PGD_RANK)
    assert again.spec == SPEC


def test_the_table_of_the_command_line_has_top_1_and_top_5(result):
    """Kurakin et al. 2017, Tables 4 and 6 have both halves; with five classes or fewer, top 5 says nothing."""
    frame = rows(result)
    halves = [result.to_frame(k) for k in (1, 5)]
    assert frame["top"].value_counts().to_dict() == {k: len(half) for k, half in zip((1, 5), halves, strict=True)}
    few = rows(replace(result, class_names=result.class_names[:5]))
    assert set(few["top"]) == {1}
