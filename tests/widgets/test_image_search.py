"""Finding test images: by their label, by what models make of them, in the order of the margin."""

import asyncio
from contextlib import contextmanager

import numpy as np
import pytest

from lab.results import ModelScreening, ScreeningResult
from lab.specs import Digits, Linf, Screening, Trained
from tests.widgets.engine import FakeEngine
from widgets.parts.image_choice import ImageChoice, OneImage
from widgets.parts.image_search import ALL, AS_STORED, Search, criteria

NAMES = tuple("0123456789")
ASKED = Screening(models=(Trained("standard"), Trained("pgd-trained")))
Y = np.arange(360) % 10


def screened(spec=ASKED, models=2):
    """The first model is wrong on every seventh image and fooled on the others; the second is fooled on even ones."""
    places = np.arange(360)
    wrong = (Y + 1) % 10
    first = ModelScreening(
        "standard", np.where(places % 7, Y, wrong), wrong, np.where(places % 7, places, -1.0 - places)
    )
    second = ModelScreening("pgd-trained", Y, np.where(places % 2, Y, wrong), 400.0 - places)
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
    ],
)
def test_what_fits_in_its_order(criterion, order, expected):
    assert Search(criterion, order).positions(screened()).tolist() == list(expected)


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
            assert job.spec == ASKED
            assert (picker.listed, picker.positions, picker.waiting) == (0, [], "The images are being looked at …")
            job.finish(screened())
            await asyncio.sleep(0.4)
            assert (picker.page, picker.listed, picker.positions) == (0, 180, list(range(0, 32, 2)))
            assert picker.found == "180 of 360 images · PGD with 10 steps"
            picker.page = 11
            assert picker.positions == list(range(352, 360, 2))
            picker.write(40)
            assert (picker.page, picker.value) == (1, [40])
            picker.write(41)  # which is not among them
            assert (picker.page, picker.value) == (1, [41])
            picker.criterion = "misclassified 1"
            assert (picker.positions, picker.waiting, picker.listed) == ([], "No test image is so.", 0)
            picker.criterion = ALL
            assert (picker.listed, picker.positions, picker.found) == (360, list(range(16)), "")

    run(test)


def test_other_models_and_eps_are_looked_at_again_and_other_data_from_the_start():
    async def test():
        with _picker(ImageChoice, most=4) as (picker, engine):
            picker.order = "least"
            engine.jobs[-1].finish(screened())
            await asyncio.sleep(0.4)
            assert picker.positions[0] == 357
            other = ASKED.replace(ball=Linf(0.05))
            picker.screen(other)
            assert "ε = 0.05" in str(picker.criteria)
            await asyncio.sleep(0.5)
            assert engine.jobs[-1].spec == other
            picker.screen(None)
            await asyncio.sleep(0.5)
            assert picker.waiting.startswith("Choose a model first")
            picker.offer(Digits().replace())
            assert picker.order == "least"  # the same data
            assert picker._looked_for.asks_models

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
            picker.criterion = "label 3"
            assert picker.positions[:2] == [3, 13]

    run(test)


def test_an_error_is_said_in_place_of_the_images():
    async def test():
        with _picker() as (picker, engine):
            picker.criterion = "fooled 0"
            engine.jobs[-1].fail("The computation broke.")
            await asyncio.sleep(0.4)
            assert (picker.positions, picker.waiting) == ([], "The computation broke.")

    run(test)
