"""Parts around a recipe's form: the button that starts it, and experiments worth trying."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import traitlets as t

from lab.specs import (
    PGD,
    Adversarial,
    Linf,
    OwnExamples,
    Recipe,
    SmallCNN,
    fast_training,
    leaking_training,
)
from widgets.plain import Plain


@dataclass(frozen=True)
class Trial:
    """An experiment worth trying: what it is called, where it comes from, what to look at, and its recipe."""

    name: str
    title: str
    text: str
    recipe: Recipe


TRIALS = (
    Trial(
        "leaking",
        "Label leaking",
        "Kurakin et al. 2017, §4.2. Train on FGSM examples made with the true labels: is the model more accurate on "
        "them than on clean images? Compare fgsm-training, which uses predicted labels.",
        leaking_training(epochs=40),
    ),
    Trial(
        "overfitting",
        "Catastrophic overfitting",
        "Wong et al. 2020, §5. One long step from a random start is cheap. Does the accuracy under PGD follow the one "
        "under FGSM on test images? (Here ε grows over five epochs. What does so small a model learn without that?)",
        fast_training(epochs=15, warm_up=5),
    ),
    Trial(
        "capacity",
        "Too little capacity",
        "Madry et al. 2017, §4. A model with two channels, trained against PGD from the first step: does it learn more "
        "than to give every image the same label? Give it a larger width, or let ε grow.",
        Adversarial(
            source=OwnExamples(PGD(steps=7, step_size=0.1)),
            ball=Linf(0.3),
            keep_clean=False,
            architecture=SmallCNN(width=2),
            epochs=15,
        ),
    ),
)


class Trials(Plain):
    """A button for each experiment, which calls ``on(trial)``; ``chosen`` is the one that the form is set to.

    Of the chosen one it is said what to look at.
    """

    _esm = Path(__file__).with_name("trials.js")

    trials = t.List(t.Dict()).tag(sync=True)
    chosen = t.Unicode().tag(sync=True)

    def __init__(self, on: Callable[[Trial], None]) -> None:
        super().__init__(trials=[{"name": each.name, "title": each.title, "text": each.text} for each in TRIALS])
        self.add_class("lab-tries")
        self._on = on
        self.on_msg(self._pressed)

    def _pressed(self, _: object, content: object, __: object) -> None:
        for each in TRIALS:
            if each.name == content:
                self._on(each)


class Starter(Plain):
    """The button that starts a run. ``cost`` is what it asks for, ``refusal`` why it cannot, ``said`` what it did."""

    _esm = Path(__file__).with_name("start.js")

    cost = t.Unicode().tag(sync=True)
    refusal = t.Unicode().tag(sync=True)
    said = t.Unicode().tag(sync=True)

    def __init__(self, start: Callable[[], None]) -> None:
        super().__init__()
        self.add_class("lab-run-bar")
        self.add_class("lab-starter")
        self._start = start
        self.on_msg(self._pressed)

    def _pressed(self, _: object, content: object, __: object) -> None:
        if content == "start":
            self._start()
