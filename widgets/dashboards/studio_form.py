"""The form of a recipe: generated from the spec, with networks and data sets to choose from by name."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from lab.catalogue import DataCard, find_model, models
from lab.errors import SpecError
from lab.specs import Adversarial, CascadeExamples, EnsembleExamples, ModelSpec, Recipe, Source, Spec, Trained, params
from lab.specs.data import DataSpec
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


def recipe_form(recipe: Recipe) -> Form:
    """The form of a recipe's fields, set to its values."""
    data = DataChoice(recipe.data)
    given: dict[str, Any] = {"data": data}
    if isinstance(recipe, Adversarial):
        sources = Sources(recipe.source, data)
        given["source"] = sources
        data.observe(lambda _: sources.offer(), "value")
    return Form(recipe, groups=_groups(recipe), given=given)


def require_listed(spec: Spec, data: list[DataSpec]) -> None:
    """Refuse a spec with a network or data set that is in no list here: those a person brings, a visitor cannot name.

    Raises :class:`SpecError` for these and :class:`lab.errors.ModelError` for an unknown name.
    """
    for part in _parts(spec):
        if isinstance(part, ModelSpec) and not isinstance(part, Trained):
            raise SpecError(f"A page trains with the listed networks only, not with {type(part).__name__}.")
        if isinstance(part, DataSpec) and part not in data:
            raise SpecError(f"A page trains on the listed data sets only, not on {type(part).__name__}.")
        if isinstance(part, Trained):
            find_model(part.name)


class Sources(Variant):
    """Whose adversarial examples, with the fixed networks to choose among those that fit the data."""

    def __init__(self, source: Source, data: DataChoice) -> None:
        self._data = data
        self._source = source
        self._choices: list[Any] = []
        super().__init__(source, Source, "Source", "Whose adversarial examples.")
        self._forms.clear()  # the plain form that every variant begins with has no choice of networks
        self._show()

    def offer(self) -> None:
        """Offer the networks that fit the chosen data set."""
        try:
            card = self._data.card
        except SpecError:
            return  # the form says it at the field
        for each in self._choices:
            each.offer(card)

    def _form(self, name: str) -> Form:
        if name not in self._forms:
            source = self._source if name == type(self._source).__name__ else self._members[name]()
            self._forms[name] = Form(source, given=self._given(source), skip=_without_control(source))
            self._forms[name].observe(self._changed, "changes")
            self.offer()
        return self._forms[name]

    def _given(self, source: Spec) -> dict[str, Any]:
        if isinstance(source, EnsembleExamples):
            names = [each.name for each in source.models if isinstance(each, Trained)]
            given: Any = ("models", ModelChoice(tuple(names)))
        elif isinstance(source, CascadeExamples):
            given = ("defended", OneModel(source.defended))
        else:
            return {}
        self._choices.append(given[1])
        return dict([given])


class OneModel(Choice):
    """One of the networks that fit the data."""

    def __init__(self, model: ModelSpec) -> None:
        name = model.name if isinstance(model, Trained) else ""
        super().__init__(value=name, label="Defended network", help="The already defended network.")

    def offer(self, data: DataCard) -> None:
        """Offer the networks that fit a data set; the chosen one stays where it fits."""
        names = [card.name for card in models() if fits(card, data)]
        self.options = [Option(value=name, label=name) for name in names]
        if self.value not in names:
            self.value = names[0] if names else ""

    def read(self) -> ModelSpec:
        """The chosen network."""
        return find_model(super().read())


def _groups(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    named = {name for names in _GROUPS.values() for name in names}
    rest = tuple(name for name in params(recipe) if name not in named and has_control(recipe, name))
    groups = {title: rest if title == _REST else names for title, names in _GROUPS.items()}
    return {title: names for title, names in groups.items() if names}


def _without_control(spec: Spec) -> list[str]:
    return [name for name in params(spec) if not (has_control(spec, name) or _is_choice(spec, name))]


def _is_choice(spec: Spec, name: str) -> bool:
    return (type(spec), name) in ((EnsembleExamples, "models"), (CascadeExamples, "defended"))


def _parts(spec: Spec) -> Iterator[Spec]:
    yield spec
    for each in fields(spec):
        value = getattr(spec, each.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Spec):
                yield from _parts(part)

