"""How long a training is said to take before it begins."""

import pytest

from lab.cost import training_steps
from lab.specs import CIFAR10, MNIST, SmallCNN, Standard, pgd_training, standard_training
from tests.data.published_files import mnist_files, put
from tests.widgets.studios import begun, home, lines  # noqa: F401 home is a fixture
from widgets.dashboards.studio import StudioPage
from widgets.dashboards.studio.length import Known, expected, in_words

SHIPPED = [Known("slow", Standard(epochs=10), 500.0), Known("quick", Standard(epochs=5), 10.0)]


def at(seconds: float) -> str:
    """The recipe of 20 epochs by a model whose 5 epochs took so long."""
    return expected(Standard(epochs=20), [], [Known("one", Standard(epochs=5), seconds)])


def test_a_lab_without_runs_goes_by_the_quickest_shipped_model():
    assert expected(Standard(epochs=20), [], SHIPPED) == "about 40 seconds at the pace of quick"


def test_of_the_shipped_models_one_with_as_many_passes_for_an_image_counts():
    """A step of the weights takes longer than one of an attack, and a standard training has one for each pass."""
    steps = pgd_training(epochs=5)
    shipped = [*SHIPPED, Known("many steps", steps, 10.0)]
    assert expected(Standard(epochs=20), [], shipped).endswith("at the pace of quick")
    assert expected(steps.replace(epochs=10), [], shipped) == "about 20 seconds at the pace of many steps"


def test_ones_own_runs_come_first_also_those_that_are_under_way():
    own = [Known("begun", Standard(epochs=10), 0.0, 0.0), Known("half", Standard(epochs=10), 30.0, 0.5)]
    assert expected(Standard(epochs=20), own, SHIPPED) == "about 2 minutes at the pace of half"


def test_the_attacks_of_a_recipe_count():
    recipe = pgd_training(epochs=5)
    share = training_steps(recipe) / training_steps(Standard(epochs=5))
    assert share > 40
    assert expected(recipe, [], SHIPPED) == f"about {in_words(10 * share)} at the pace of quick"


@pytest.mark.parametrize("recipe", [Standard(architecture=SmallCNN(width=32)), Standard(data=CIFAR10())])
def test_what_is_like_none_is_not_guessed(recipe):
    assert expected(recipe, [], SHIPPED) == ""


def test_data_of_one_shape_are_alike_and_what_is_gone_is_no_measure(tmp_path, monkeypatch):
    assert expected(Standard(), [Known("gone", Standard(data=MNIST()), 10.0)], []) == ""
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    put(tmp_path / "MNIST" / "raw", mnist_files())
    assert expected(Standard(data=MNIST()), [], SHIPPED).startswith("about ")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.01, "1 second"),
        (22.4, "90 seconds"),
        (22.6, "2 minutes"),
        (1400, "1.6 hours"),
        (9_100, "10 hours"),
        (90_000, "100 hours"),
    ],
)
def test_lengths_have_the_unit_that_a_person_would_take(seconds, words):
    assert at(seconds).startswith(f"about {words} at")


async def test_the_page_says_it_before_the_training_begins(engine):
    begun("mine", epochs=5)
    page = StudioPage(engine)
    page.ask(page.settings().replace(name="next", recipe=standard_training(epochs=20)))
    assert page.bar.cost.startswith("about 40 seconds at the pace of mine · ")
