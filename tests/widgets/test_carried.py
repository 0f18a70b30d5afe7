"""What is set on one page is so on the others, also through pages that do not have the setting."""

import pytest

from lab.specs import FGSM, L0, L2, PGD, FlipPixels, Linf, Trained
from tests.widgets.conftest import settled
from tests.widgets.engine import restarts
from tests.widgets.swept import swept
from widgets.dashboards.app import App
from widgets.dashboards.restarts.page import DEFAULT
from widgets.parts.carried import with_fields
from widgets.parts.links import Link

pytestmark = pytest.mark.usefixtures("cards")


def through(app: App, *names: str):
    for name in names:
        app.visit(name)
    return app.pages[names[-1]]


@pytest.mark.parametrize(
    "way",
    [
        ("masking", "transfer"),
        ("home", "training-studio", "home"),
        ("robustness-curves",),
        ("masking", "training-studio", "robustness-curves", "home"),
    ],
)
async def test_the_image_goes_through_pages_that_have_none(engine, way):
    app = App(engine)
    explorer = through(app, "attack-explorer")
    explorer.form.parts["image"].write(5)
    page = through(app, *way, "pgd-restarts")
    assert page.settings().images == (5,)
    assert through(app, *way, "loss-surface").settings().image == 5
    assert through(app, *way, "embeddings").settings().images == (3, 7, 0, 14, 5, 15, 2, 4, 1, 6)  # it is among them


async def test_attack_models_and_threat_model_go_as_far_as_a_page_can_have_them(engine):
    app = App(engine)
    page = through(app, "attack-explorer")
    page.models.value = ["mine", "standard", "pgd-trained"]
    page.form.parts["attack"].write(FGSM())
    page.form.parts["ball"].write(L2(0.7))
    surface = through(app, "loss-surface").settings()
    assert (surface.models, surface.ball) == ((Trained("mine"), Trained("standard")), L2(0.7))  # it has room for two
    assert through(app, "transfer").settings().models == tuple(map(Trained, ("mine", "standard", "pgd-trained")))
    kept = through(app, "pgd-restarts").settings()
    assert (kept.attack, kept.ball) == (DEFAULT.attack, L2(0.7))  # PGD only
    assert through(app, "embeddings").settings().attack == FGSM()
    assert through(app, "attack-explorer").settings() == page.settings()


async def test_the_last_change_counts_also_one_back_to_the_beginning(engine):
    app = App(engine)
    first = through(app, "attack-explorer").settings()
    eps = app.pages["attack-explorer"].form.parts["ball"]
    eps.write(Linf(0.11))
    assert through(app, "masking").settings().ball == Linf(0.11)
    app.pages["masking"].form.parts["ball"].write(first.ball)
    assert through(app, "transfer").settings().ball == first.ball
    assert through(app, "attack-explorer").settings() == first
    assert through(app, "pgd-restarts").settings().ball == first.ball


async def test_a_page_keeps_what_was_changed_on_it_alone(engine):
    app = App(engine)
    page = through(app, "pgd-restarts")
    page.images.write((7, 2))
    page.form.parts["attack"].parts["steps"].value = 9
    assert through(app, "attack-explorer").settings().image == 7
    assert through(app, "masking", "pgd-restarts").settings().images == (7, 2)
    assert through(app, "attack-explorer").settings().attack == PGD(restarts=50, steps=9)
    explorer = app.pages["attack-explorer"]
    explorer.form.parts["image"].write(9)
    assert through(app, "transfer", "pgd-restarts").settings().images == (9,)
    assert page.settings().attack.steps == 9


async def test_what_a_link_sets_goes_on_but_not_back_to_where_the_link_was(engine):
    app = App(engine)
    origin = through(app, "pgd-restarts").settings()
    app.follow(Link("", "attack-explorer", {"image": 4, "ball": Linf(0.05), "models": (Trained("mine"),)}))
    assert app.pages["attack-explorer"].settings().image == 4
    surface = through(app, "masking", "loss-surface").settings()
    assert (surface.image, surface.ball, surface.models) == (4, Linf(0.05), (Trained("mine"),))
    assert through(app, "pgd-restarts").settings() == origin
    app.pages["loss-surface"].form.parts["image"].write(8)  # while another page is open: as a hand never could
    assert through(app, "attack-explorer").settings().image == 4
    assert through(app, "loss-surface", "pgd-restarts").settings() == origin


async def test_settings_that_cannot_be_stay_on_their_page(engine):
    app = App(engine)
    page = through(app, "attack-explorer")
    page.form.parts["ball"].form.parts["eps"].value = "x"
    page.form.parts["image"].write(5)
    assert through(app, "masking").bar.refusal == ""
    page = through(app, "attack-explorer")
    assert page.form.parts["ball"].form.parts["eps"].value == "x"
    page.form.parts["ball"].form.parts["eps"].value = 0.13
    assert through(app, "masking", "pgd-restarts").settings().ball == Linf(0.13)
    assert app.pages["pgd-restarts"].settings().images == (5,)
    assert app.pages["pgd-restarts"].settings().attack == DEFAULT.attack


async def test_nothing_is_computed_again_where_nothing_is_new(engine):
    app = App(engine)
    app.home.come()
    engine.jobs[0].finish(swept(engine.jobs[0].spec))
    through(app, "pgd-restarts")
    engine.jobs[-1].finish(restarts(engine.jobs[-1].spec))
    await settled()
    count = len(engine.jobs)
    through(app, "training-studio", "home", "pgd-restarts")
    assert len(engine.jobs) == count


def test_counts_of_images_are_not_images():
    assert with_fields(DEFAULT, {"images": 50}) == DEFAULT


async def test_a_threat_model_in_which_a_page_has_no_attack_is_not_taken_over(engine):
    app = App(engine)
    page = through(app, "attack-explorer")
    page.form.parts["attack"].write(FlipPixels())
    page.form.parts["ball"].write(L0())
    for name in ("masking", "transfer", "pgd-restarts", "loss-surface", "robustness-curves"):
        assert isinstance(through(app, name).settings().ball, Linf)
    page = through(app, "attack-explorer")
    assert (page.settings().attack, page.settings().ball) == (FlipPixels(), L0())
