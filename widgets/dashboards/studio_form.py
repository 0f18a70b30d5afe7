"""The form of a recipe: generated from the spec, with networks and data sets to choose from by name."""

from typing import Any

from lab.catalogue import DataCard, find_model, models
from lab.errors import SpecError
from lab.specs import (
    Adversarial,
    CascadeExamples,
    EnsembleExamples,
    ModelSpec,
    Recipe,
    Source,
    Spec,
    Standard,
    Trained,
    params,
)
from lab.specs.models import name_of
from widgets.controls import Choice, Option
from widgets.dashboards.choices import DataChoice, ModelChoice, fits
from widgets.forms import Form, Variant, has_control

_GROUPS = {
    "Data and network": ("data", "architecture", "epochs", "batch", "seed"),
    "Adversarial examples": (),
    "Optimiser": ("optimiser", "schedule", "weight_decay", "label_smoothing"),
    "Images and arithmetic": ("augmentation", "precision"),
}
_REST = "Adversarial examples"  # the group of all fields that no other one names


class Recipes(Variant):
    """A recipe: which kind, then its fields in groups."""

    def __init__(self) -> None:
        super().__init__(Standard(), Recipe, "Kind", "What is asked of a batch.")
        self._forms.clear()  # the plain form that every variant begins with has no groups
        self._show()

    def _form(self, name: str) -> Form:
        if name not in self._forms:
            kind: Any = self._members[name]
            self._forms[name] = _recipe_form(kind())
            self._forms[name].observe(self._changed, "changes")
        return self._forms[name]


class Sources(Variant):
    """Whose adversarial examples, with the fixed networks to choose among those that fit the data."""

    def __init__(self, source: Source, data: DataChoice) -> None:
        self._data = data
        self._choices: list[Any] = []
        super().__init__(source, Source, "Source", "Whose adversarial examples.")
        self._forms.clear()  # the plain form that every variant begins with has no choice of networks
        self._show()
        data.observe(lambda _: self._offer(), "value")

    def _form(self, name: str) -> Form:
        if name not in self._forms:
            source = self._members[name]()
            given = self._given(source)
            skip = [each for each in params(source) if each not in given and not has_control(source, each)]
            self._forms[name] = Form(source, given=given, skip=skip)
            self._forms[name].observe(self._changed, "changes")
        return self._forms[name]

    def _given(self, source: Spec) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if isinstance(source, EnsembleExamples):
            given["models"] = ModelChoice(tuple(map(name_of, source.models)))
        if isinstance(source, CascadeExamples):
            given["defended"] = OneModel(source.defended)
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


class OneModel(Choice):
    """One of the networks that fit the data."""

    def __init__(self, model: ModelSpec) -> None:
        super().__init__(value=name_of(model), label="Defended network", help="The already defended network.")

    def offer(self, data: DataCard) -> None:
        """Offer the networks that fit a data set; the chosen one stays where it fits."""
        names = [card.name for card in models() if isinstance(card.spec, Trained) and fits(card, data)]
        self.options = [Option(value=name, label=name) for name in names]
        if self.value not in names:
            self.value = names[0] if names else ""

    def read(self) -> ModelSpec:
        """The chosen network."""
        return find_model(super().read())

    def write(self, value: ModelSpec) -> None:
        """Choose this network. Raises :class:`SpecError` when it is not offered here."""
        if name_of(value) not in [each["value"] for each in list[Any](self.options)]:
            raise SpecError(f"The network '{name_of(value)}' that this recipe builds on is not there: train it first.")
        self.value = name_of(value)


def _recipe_form(recipe: Recipe) -> Form:
    data = DataChoice()
    given: dict[str, Any] = {"data": data}
    if isinstance(recipe, Adversarial):
        given["source"] = Sources(recipe.source, data)
    return Form(recipe, groups=_groups(recipe), given=given)


def _groups(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    named = {name for names in _GROUPS.values() for name in names}
    rest = tuple(name for name in params(recipe) if name not in named)
    groups = {title: rest if title == _REST else names for title, names in _GROUPS.items()}
    return {title: names for title, names in groups.items() if names}
