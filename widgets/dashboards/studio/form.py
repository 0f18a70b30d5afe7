"""The form of a recipe: generated from the spec, with networks and data sets to choose from by name."""

from collections.abc import Iterable

from lab.catalogue import DataCard, ModelCard, data_sets, models
from lab.errors import SpecError, one_line
from lab.specs import (
    ModelSpec,
    Recipe,
    Source,
    Spec,
    Standard,
    Start,
    Trained,
    papers,
    params,
)
from lab.specs.data import DataSpec
from lab.specs.models import name_of
from lab.specs.spec import family_of, kinds_of, label_of
from widgets.parts.choices import DataChoice, ModelChoice, OneModel
from widgets.parts.forms import Form, Part, Variant, has_control, sentence

_GROUPS = {
    "Data and architecture": ("data", "architecture", "start", "initial", "epochs", "batch", "seed"),
    "Adversarial examples": (),
    "Optimiser": ("optimiser", "schedule", "weight_decay", "label_smoothing"),
    "Images and arithmetic": ("augmentation", "precision"),
}
_HELP = 1000  # characters at most about the data sets that are left out
_REST = "Adversarial examples"  # the group of all fields that no other one names


class TrainingData(DataChoice):
    """One of the data sets that can be trained on; its help says why each of the others cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.help = one_line("Not offered: " + " ".join(self._untrainable.values()), _HELP) if self._untrainable else ""

    def write(self, value: DataSpec) -> None:
        """Choose this data set. Raises :class:`SpecError` when it is not offered, or nothing can be trained on it."""
        if value in self._untrainable:
            raise SpecError(self._untrainable[value])
        if missing := [card.name for card in data_sets() if card.spec == value and not card.available]:
            raise SpecError(
                f"The data set {missing[0]} is not on this machine: 'python -m lab list data' says how to put it there."
            )
        super().write(value)

    def _offered(self) -> list[DataCard]:
        cards = super()._offered()
        self._untrainable = {card.spec: card.untrainable for card in cards if card.untrainable}
        return [card for card in cards if not card.untrainable]


class Recipes(Variant):
    """A recipe: which kind, then its fields in groups."""

    def __init__(self) -> None:
        super().__init__(Standard(), family_of(Recipe), "Kind", "Training objective.")
        self._forms.clear()  # the plain form that every variant begins with has no groups
        self._show()

    def _form(self, name: str) -> Form[Spec]:
        if name not in self._forms:
            recipe = self._members[name]()
            assert isinstance(recipe, Recipe)
            self._forms[name] = _recipe_form(recipe)
            self._forms[name].observe(self._changed, "changes")
        return self._forms[name]


class BuiltOnModels(Variant):
    """A field of a recipe whose kinds may name trained models: those are offered that fit the data."""

    def __init__(self, recipe: Recipe, name: str, data: DataChoice) -> None:
        self._data = data
        self._choices: list[TrainedModelChoice | StaticModels] = []
        about = label_of(recipe, name), sentence(params(recipe)[name].meaning)
        super().__init__(getattr(recipe, name), kinds_of(recipe, name), *about)
        self._forms.clear()  # the plain form that every variant begins with has no choice of networks
        self._show()
        data.observe(lambda _: self._offer(), "value")

    def _form(self, name: str) -> Form[Spec]:
        if name not in self._forms:
            part = self._members[name]()
            given = self._given(part)
            skip = [each for each in params(part) if each not in given and not has_control(part, each)]
            self._forms[name] = Form(part, given=given, skip=skip)
            self._forms[name].observe(self._changed, "changes")
        return self._forms[name]

    def _given(self, part: Spec) -> "dict[str, TrainedModelChoice | StaticModels]":
        given: dict[str, TrainedModelChoice | StaticModels] = {}
        for name, about in params(part).items():
            value = getattr(part, name)
            if isinstance(value, ModelSpec):
                given[name] = TrainedModelChoice(value, label_of(part, name), sentence(about.meaning))
            elif value and isinstance(value, tuple) and all(isinstance(each, ModelSpec) for each in value):
                given[name] = StaticModels(tuple(map(name_of, value)))
        self._choices += given.values()
        self._offer()
        return given

    def _offer(self) -> None:
        """Offer the networks that fit the chosen data set."""
        try:
            card = self._data.card
        except SpecError:
            return  # the form says it at the field
        for each in self._choices:
            each.offer(card)


class StaticModels(ModelChoice):
    """The static models of an ensemble, those that the lab has."""

    def write(self, value: Iterable[ModelSpec]) -> None:
        """Choose these models. Raises :class:`SpecError` when one of them is not there."""
        missing = [name_of(each) for each in value if isinstance(each, Trained) and name_of(each) not in self.cards]
        if missing:
            raise SpecError(papers.train_first(missing[0]))
        super().write(value)


class TrainedModelChoice(OneModel):
    """A model that a recipe builds on, one of those that the lab has trained."""

    def write(self, value: ModelSpec) -> None:
        """Choose this network. Raises :class:`SpecError` when it is not offered here."""
        if name_of(value) not in self.cards:
            raise SpecError(papers.train_first(name_of(value)))
        super().write(value)

    def _known(self) -> list[ModelCard]:
        return [card for card in models() if isinstance(card.spec, Trained)]


def _recipe_form(recipe: Recipe) -> Form[Recipe]:
    data = TrainingData()
    given: dict[str, Part] = {"data": data}
    values = {name: getattr(recipe, name) for name in params(recipe)}
    built_on = [name for name, value in values.items() if isinstance(value, Source | Start)]
    given |= {name: BuiltOnModels(recipe, name, data) for name in built_on}
    return Form(recipe, groups=_groups(recipe), given=given)


def _groups(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    named = {name for names in _GROUPS.values() for name in names}
    rest = tuple(name for name in params(recipe) if name not in named)
    groups = {title: rest if title == _REST else names for title, names in _GROUPS.items()}
    return {title: names for title, names in groups.items() if names}
