"""The home page: a picture that can be fooled in ten seconds, and below it the ways into the lab."""

import random
from collections.abc import Mapping, Sequence

from lab import catalogue, datafiles
from lab.engine import Engine
from lab.errors import LabError
from lab.results import ImageSweepResult
from lab.specs import PGD, ImageSweep, Linf, Photos, Trained
from lab.specs.attacks import CHOSEN
from lab.specs.sentences import labelled
from widgets.dashboards.home.doors import Doors
from widgets.dashboards.home.showcase import Showcase
from widgets.glossary import WholeGlossary
from widgets.loop import OnLoop
from widgets.parts.engine import PageEngine, PageJob
from widgets.parts.links import Follow, Link
from widgets.plain import Box

TITLE = "Adversarial Lab"

OPENINGS = {
    "Digit": ImageSweep(image=4),
    "Photograph": ImageSweep(
        Photos(), (Trained("efficientnet-lite0"),), 11, PGD(steps=4, random_start=False), Linf(2 / 255), levels=8
    ),
}
"""The first picture of each kind, where its data and its models are there."""

NOTES = {
    "standard": "trained on clean images only",
    "fgsm-trained": "trained with FGSM, a single step",
    "pgd-trained": "trained with PGD, many steps",
    "efficientnet-lite0": "trained on ImageNet's clean images",
}


class Home(Box):
    """The picture (``showcase``) and the ``doors``. What a browser sends is judged here.

    It asks the ``engine`` for one image over ε at a time, for the first one when somebody comes; a new wish takes the
    place of the one before.
    """

    def __init__(self, engine: PageEngine | None = None, cards: Sequence[Mapping[str, str]] = ()) -> None:
        self._engine = engine or Engine.connect()
        self._follow: Follow | None = None
        self._asked: ImageSweep | None = None
        self._job: PageJob | None = None
        self._drawn: ImageSweepResult | None = None
        self._changed = OnLoop(self._draw, 0.05)
        self.openings = openings()
        self.showcase = Showcase(self._pressed, sets=[{"name": each} for each in self.openings], notes=NOTES)
        self.doors = Doors(cards=[dict(each) for each in cards])
        super().__init__([self.showcase, self.doors, WholeGlossary()], "lab-home-page")
        self.showcase.chosen = next(iter(self.openings), "")

    def ask(self, spec: ImageSweep) -> None:
        """Have an image swept over ε, and shown; what is wrong is said instead."""
        self.leave()
        try:
            self._job = self._engine.submit(spec, on_change=lambda _: self._changed())
            self._asked = spec
        except LabError as error:
            self.showcase.said = labelled(error)
            return
        self._draw()

    def lead(self, follow: Follow) -> None:
        """Give the link to the Attack explorer a handler."""
        self._follow = follow

    def leave(self) -> None:
        """Give up what is being computed: the page is not looked at any more."""
        if self._job is not None and _is_active(self._job):
            self._job.cancel()

    def come(self) -> None:
        """Ask for the first picture, or again for what was given up: somebody looks at the page."""
        if self._asked is not None and self._job is not None and self._job.state == "cancelled":
            self.ask(self._asked)
        elif self._job is None and self.openings:
            self.ask(self.openings[self.showcase.chosen])

    def _draw(self) -> None:
        job = self._job
        if job is None:
            return
        found = job.result or job.partial
        if isinstance(found, ImageSweepResult) and found is not self._drawn:
            self._drawn = found
            self.showcase.show(found)
        self.showcase.said = job.error or ("Attacking at every ε …" if _is_active(job) else "")

    def _pressed(self, content: object) -> None:
        """Do what a browser asks for, as far as it can be: anything else changes nothing."""
        if not isinstance(content, dict) or len(content) != 1:
            return
        [(wish, value)] = content.items()
        if wish == "set" and isinstance(value, str) and value in self.openings:
            self.showcase.chosen = value
            self.ask(self.openings[value])
        elif self._asked is not None and wish == "image" and value in ("next", "random"):
            self._another(self._asked, at_random=value == "random")
        elif self._drawn is not None and wish in _WISHES:
            _WISHES[wish](self, self._drawn, value)

    def _another(self, spec: ImageSweep, at_random: bool) -> None:
        """Look at another test image, attacked without a target, which might be its label."""
        count = datafiles.outline(spec.data).n_test
        image = random.randrange(count) if at_random else spec.image + 1
        self.ask(spec.replace(image=image % count, attack=spec.attack.replace(labels="true", target=0)))

    def _aim(self, drawn: ImageSweepResult, value: object) -> None:
        """Attack toward a class, or away from the label where there is none."""
        attack = drawn.spec.attack
        if value is None:
            self.ask(drawn.spec.replace(attack=attack.replace(labels="true", target=0)))
        elif type(value) is int and 0 <= value < len(drawn.class_names) and value != drawn.y:
            self.ask(drawn.spec.replace(attack=attack.replace(labels=CHOSEN, target=value)))

    def _walk(self, drawn: ImageSweepResult, value: object) -> None:
        if type(value) is int and 0 <= value < len(drawn.spec.eps):
            self.showcase.show_path(drawn, value)

    def _closer(self, drawn: ImageSweepResult, value: object) -> None:
        """Open the Attack explorer on this image with a model and a level of ε."""
        spec = drawn.spec
        if not isinstance(value, list) or len(value) != 2 or not all(type(each) is int for each in value):
            return
        model, level = value
        if not (0 <= model < len(spec.models) and 0 < level < len(spec.eps)):
            return
        if self._follow is not None:
            ball = spec.ball.replace(eps=round(spec.eps[level], 6))
            settings = {"data": spec.data, "models": (spec.models[model],), "image": spec.image}
            self._follow(Link("", "attack-explorer", settings | {"attack": spec.attack, "ball": ball}))


def _is_active(job: PageJob) -> bool:
    return job.state in ("waiting", "running")


_WISHES = {"target": Home._aim, "path": Home._walk, "closer": Home._closer}


def openings() -> dict[str, ImageSweep]:
    """The first pictures, of what there is here: those of the digits first, with the models that are listed."""
    listed = {card.spec for card in catalogue.models()}
    there = {card.spec for card in catalogue.data_sets() if card.available}
    found = {}
    for name, spec in OPENINGS.items():
        models = tuple(each for each in spec.models if each in listed)
        if models and spec.data in there:
            found[name] = spec.replace(models=models)
    return found
