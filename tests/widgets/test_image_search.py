"""Finding test images: by their label, by what models make of them, in the order of the margin."""

import asyncio
from contextlib import contextmanager

import numpy as np
import pytest

from lab.results import ModelScreening, ScreeningResult
from lab.specs import Digits, Linf, Screening, Trained
from lab.specs.screening import ATTACKED, DISTANCES, LABELS, PREDICTIONS
from tests.widgets.engine import FakeEngine
from widgets.parts.image_choice import ImageChoice, OneImage
from widgets.parts.image_search import ALL, AS_STORED, Search, criteria, orders

NAMES = tuple("0123456789")
ASKED = Screening(models=(Trained("standard"), Trained("pgd-trained")))
Y = np.arange(360) % 10


def screened(spec=ASKED, models=2):
    """The first model is wrong on every seventh image and fooled on the others; the second is fooled on even ones."""
    places = np.arange(360)
    wrong = (Y + 1) % 10
    distance = np.where(places < 350, (places * 7 % 360) / 360, np.inf)
    first = ModelScreening(
        "standard", np.where(places % 7, Y, wrong), np.where(places % 7, places, -1.0 - places), wrong, distance
    )
    second = ModelScreening("pgd-trained", Y, 400.0 - places, np.where(places % 2, Y, wrong), 1 - distance / 2)
    return ScreeningResult(spec, Y, NAMES, (first, second)[:models], models / 2)


@pytest.mark.parametrize(
    ("criterion", "order", "expected"),
    [
        (ALL, AS_STORED, range(360)),
        ("label 3", AS_STORED, range(3, 360, 10)),
        ("misclassified 0", AS_STORED, range(0, 360, 7)),
        ("misclassified 1", AS_STORED, []),
        ("fooled 1", AS_STORED, range(0, 360, 2)),
        ("survives 1", AS_STORED, range(1, 360, 2)),
        ("survives 0", "least", []),
        ("predicted 0 1", AS_STORED, sorted([i for i in range(1, 360, 10) if i % 7] + list(range(0, 360, 70)))),
        ("misclassified 0", "least", range(357, -1, -7)),
        ("misclassified 0", "largest", range(0, 360, 7)),
        ("fooled 1", "least", range(358, -1, -2)),
        (ALL, "largest", [i for i in range(359, -1, -1) if i % 7] + list(range(0, 360, 7))),
        ("label 0", "nearest", [*sorted(range(0, 350, 10), key=lambda i: i * 7 % 360), 350]),
        ("label 0", "farthest", [350, *sorted(range(0, 350, 10), key=lambda i: -i * 7 % 360 or 360)]),
    ],
)
def test_what_fits_in_its_order(criterion, order, expected):
    assert Search(criterion, order).positions(screened()).tolist() == list(expected)


@pytest.mark.parametrize("order", ["least", "largest"])
def test_what_is_no_number_comes_last(order):
    broken = ModelScreening("broken", Y, np.where(np.arange(360) % 2, 1.0, np.nan), Y, np.zeros(0))
    found = Search(ALL, order).positions(ScreeningResult(ASKED, Y, NAMES, (broken,), 1.0))
    assert set(found[:180].tolist()) == set(range(1, 360, 2))


@pytest.mark.parametrize(
    ("criterion", "order", "extent"),
    [
        (ALL, AS_STORED, LABELS), ("label 3", AS_STORED, LABELS), ("label 3", "least", PREDICTIONS),
        ("misclassified 0", AS_STORED, PREDICTIONS), ("predicted 0 3", "largest", PREDICTIONS),
        ("fooled 0", AS_STORED, ATTACKED), ("survives 1", "least", ATTACKED), (ALL, "nearest", DISTANCES),
        ("fooled 0", "farthest", DISTANCES),
    ],
)  # fmt: skip
def test_images_are_examined_as_far_as_is_needed(criterion, order, extent):
    assert Search(criterion, order).extent == extent


@pytest.mark.parametrize(
    ("criterion", "order", "models", "words"),
    [
        ("label 3", AS_STORED, 2, "36 of 360 images"),
        ("fooled 1", AS_STORED, 2, "36 of 360 images · pgd-trained, L∞, ε = 0.2, PGD with 10 steps"),
        ("predicted 1 3", "least", 2, "36 of 360 images · pgd-trained"),
        (ALL, "least", 2, "36 of 360 images · margin of standard"),
        (ALL, "least", 1, "36 of 360 images"),
        (ALL, "nearest", 1, "36 of 360 images · nearest adversarial examples of standard by FAB-T with 20 steps"),
    ],
)
def test_what_was_found_is_said_with_the_attack_that_found_it(criterion, order, models, words):
    assert Search(criterion, order).said_of(36, screened(models=models), 360) == words
    assert Search().said_of(36, screened(), 10_000) == "36 of the first 360 images"


def test_a_model_that_is_not_there_yet_is_waited_for():
    with pytest.raises(IndexError):
        Search("fooled 1").positions(screened(models=1))


def test_criteria_name_models_and_threat_model_and_leave_many_predictions_out():
    found = criteria(NAMES, ("standard",), Linf(0.2))
    assert [(each["group"], each["label"]) for each in found[11:14]] == [
        ("standard", "misclassified"), ("standard, L∞, ε = 0.2", "fooled by PGD"),
        ("standard, L∞, ε = 0.2", "withstands PGD"),
    ]  # fmt: skip
    assert len(found) == 1 + 10 + 3 + 10
    assert len({each["value"] for each in found}) == len(found)
    assert len(criteria([str(i) for i in range(1000)], ("a", "b"), Linf(0.2))) == 1 + 1000 + 2 * 3
    assert len(criteria(NAMES, (), None)) == 11
    assert [len(orders(models, ball)) for models, ball in [((), None), (("a",), None), (("a",), Linf(0.1))]] == [
        1,
        3,
        5,
    ]


def run(test):
    """A test that needs a loop, as a kernel has one."""

    async def alone():
        await test()

    asyncio.run(alone())


@contextmanager
def _picker(kind=OneImage, **traits):
    engine = FakeEngine()
    picker = kind(engine, value=[0], **traits)
    picker.offer(Digits())
    picker.screen(ASKED)
    yield picker, engine


def test_images_are_listed_once_the_models_are_known_and_all_again():
    async def test():
        with _picker() as (picker, engine):
            assert (picker.listed, picker.positions) == (360, list(range(16)))
            assert engine.jobs == []  # nothing is computed before somebody looks for something
            picker.page = 2
            picker.criterion = "fooled 1"
            [job] = engine.jobs
            assert job.spec == ASKED.replace(extent=ATTACKED, images=1000)
            assert (picker.listed, picker.positions, picker.waiting) == (0, [], "The images are being looked at …")
            job.finish(screened())
            await asyncio.sleep(0.4)
            assert (picker.page, picker.listed, picker.positions) == (0, 180, list(range(0, 32, 2)))
            assert picker.found == "180 of 360 images · pgd-trained, L∞, ε = 0.2, PGD with 10 steps"
            assert not picker.numbered
            picker.page = 11
            assert picker.positions == list(range(352, 360, 2))
            picker.value = [352]  # looked at
            assert picker.page == 11
            picker.value = [70]  # typed in
            assert (picker.page, picker.positions[3]) == (2, 70)
            picker.write(40)
            assert (picker.page, picker.value) == (1, [40])
            picker.write(41)  # which is not among them
            assert (picker.page, picker.value) == (1, [41])
            picker.criterion = "misclassified 1"
            assert engine.jobs[-1].spec == ASKED.replace(extent=PREDICTIONS, images=10_000)
            engine.jobs[-1].finish(screened(engine.jobs[-1].spec))
            await asyncio.sleep(0.4)
            assert (picker.positions, picker.waiting, picker.listed) == ([], "No test image is so.", 0)
            picker.criterion = ALL
            assert (picker.listed, picker.positions, picker.found) == (360, list(range(16)), "")

    run(test)


def test_other_models_and_eps_are_looked_at_again_and_other_data_from_the_start():
    async def test():
        with _picker(ImageChoice, most=4) as (picker, engine):
            picker.order = "least"
            engine.jobs[-1].finish(screened(engine.jobs[-1].spec))
            await asyncio.sleep(0.4)
            assert picker.positions[0] == 357
            other = ASKED.replace(ball=Linf(0.05))
            picker.screen(other)
            assert "ε = 0.05" in str(picker.criteria)
            await asyncio.sleep(0.5)
            assert engine.jobs[-1].spec == other.replace(extent=PREDICTIONS, images=10_000)
            picker.offer(Digits().replace())
            assert picker.order == "least"  # the same data
            assert not picker._looked_for.is_for_all


def test_without_models_images_are_found_by_their_labels():
    async def test():
        with _picker() as (picker, engine):
            picker.screen(ASKED.replace(models=(), extent=LABELS))
            assert len(picker.criteria) == 11
            assert len(picker.orders) == 1
            picker.criterion = "label 3"
            [job] = engine.jobs
            assert (job.spec.models, job.spec.extent, job.spec.images) == ((), LABELS, 10_000)
            job.finish(ScreeningResult(job.spec, Y, NAMES, (), 1.0))
            await asyncio.sleep(0.4)
            assert picker.positions[:3] == [3, 13, 23]
            picker.screen(None)
            await asyncio.sleep(0.4)
            assert picker.listed == 360

    run(test)


def test_images_in_another_order_do_not_stand_at_their_numbers():
    async def test():
        with _picker() as (picker, engine):
            assert picker.numbered
            picker.order = "least"
            engine.jobs[-1].finish(screened(engine.jobs[-1].spec))
            await asyncio.sleep(0.4)
            assert (picker.listed, picker.total, picker.numbered) == (360, 360, False)
            picker.order = AS_STORED
            assert picker.numbered

    run(test)

    run(test)


@pytest.mark.parametrize(
    "said", ["fooled 9", "rm -rf", 3, None, ["all"], {"a": 1}, "label 10", "predicted 0 10", "x" * 10**5]
)
def test_what_is_not_offered_is_not_looked_for(said):
    async def test():
        with _picker() as (picker, engine):
            picker.criterion = said
            picker.order = said
            assert engine.jobs == []
            assert (picker.listed, picker.positions) == (360, list(range(16)))

    run(test)


def test_in_another_threat_model_than_a_norms_labels_and_predictions_are_offered():
    async def test():
        with _picker() as (picker, engine):
            picker.criterion = "fooled 0"
            engine.jobs[-1].finish(screened())
            picker.screen(ASKED, attacked=False)
            assert not any(each["value"].startswith(("fooled", "survives")) for each in picker.criteria)
            await asyncio.sleep(0.4)
            assert (picker.listed, picker.positions) == (360, list(range(16)))  # what is not offered is not looked for
            assert len(picker.orders) == 3

    run(test)


def test_an_error_is_said_in_place_of_the_images():
    async def test():
        with _picker() as (picker, engine):
            picker.criterion = "fooled 0"
            engine.jobs[-1].fail("The computation broke.")
            await asyncio.sleep(0.4)
            assert (picker.positions, picker.waiting) == ([], "The computation broke.")

    run(test)
