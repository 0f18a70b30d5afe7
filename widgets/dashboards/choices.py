"""Choosing data, models that fit it, and some of its test images."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from lab.catalogue import DataCard, ModelCard, data_sets, models
from lab.errors import LabError, SpecError
from lab.specs import Preview, Spec
from lab.specs.data import DataSpec
from widgets.controls import Choice, Images, Option, Several
from widgets.loop import Every, OnLoop
from widgets.theme import model_colour

_A_PAGE = 16  # thumbnails shown at a time
_NEWS = 2.0  # seconds until a network that was trained, or discarded, is noticed


class DataChoice(Choice):
    """One of the data sets whose files are there."""

    def __init__(self, **traits: Any) -> None:
        self.cards = {card.name: card for card in data_sets() if card.available}
        options = [Option(value=name, label=name, note=_size(card)) for name, card in self.cards.items()]
        first = next(iter(self.cards), "")
        super().__init__(value=first, label="Data set", options=options, **traits)

    def read(self) -> DataSpec:
        """The chosen data set."""
        return self.card.spec

    def write(self, value: DataSpec) -> None:
        """Choose this data set. Raises :class:`SpecError` when it is not offered here."""
        self.value = _name_of(value, self.cards, "data set")

    @property
    def card(self) -> DataCard:
        """What is known about the chosen data set."""
        return self.cards[super().read()]


class ModelChoice(Several):
    """Up to four of the models whose images and classes are those of the data. New ones are offered as they come."""

    def __init__(self, preferred: tuple[str, ...], **traits: Any) -> None:
        self.cards = {card.name: card for card in models()}
        self._preferred = preferred
        self._data: DataCard | None = None
        super().__init__(label="Models", **traits)
        self._news = Every(_NEWS, self.refresh)

    def offer(self, data: DataCard) -> None:
        """Offer the models that fit a data set; those chosen before stay chosen where they fit."""
        self._data = data
        fitting = [card for card in self.cards.values() if fits(card, data)]
        names = [card.name for card in fitting]
        before = self.value if isinstance(self.value, list | tuple) else ()
        kept = [name for name in before if name in names] or [name for name in self._preferred if name in names]
        self.options = [_option(card) for card in fitting]
        self.value = kept or names[:1]

    def refresh(self) -> None:
        """Look whether models have come or gone, and offer what there is now."""
        cards = {card.name: card for card in models()}
        if cards != self.cards:
            self.cards = cards
            if self._data is not None:
                self.offer(self._data)

    def read(self) -> Any:
        """The chosen models."""
        return tuple(self.cards[name].spec for name in super().read())

    def write(self, value: Any) -> None:
        """Choose these models. Raises :class:`SpecError` when one is not offered here."""
        self.value = [_name_of(each, self.cards, "model") for each in value]


class ImageChoice(Images):
    """Some test images of a data set, by looking at them; a worker fetches the thumbnails."""

    def __init__(self, engine: Any, **traits: Any) -> None:
        super().__init__(label="Test images", **traits)
        self._engine = engine
        self._job: Any = None
        self._data: DataSpec | None = None
        self._changed = OnLoop(self._arrived)
        self.observe(self._turned, "page")

    def offer(self, data: DataSpec) -> None:
        """Offer the images of another data set, from its first one on."""
        self._data = None  # so that turning back to the first page fetches nothing yet
        self.page = 0
        self._data = data
        self._fetch(data)

    def write(self, value: Any) -> None:
        """Choose these positions, and turn to the page of the first."""
        super().write(value)
        self.page = self.value[0] // _A_PAGE

    def _turned(self, _: Any) -> None:
        if self._data is not None and type(self.page) is int and 0 <= self.page <= self.total // _A_PAGE:
            self._fetch(self._data)

    def _fetch(self, data: DataSpec) -> None:
        first = self.page * _A_PAGE
        try:
            spec = Preview(data, tuple(range(first, first + _A_PAGE)))
            self._job = self._engine.submit(spec, on_change=lambda _: self._changed())
        except LabError as error:
            self.empty(str(error))
            return
        self._arrived()

    def _arrived(self) -> None:
        if self._job.result is not None:
            self.show(self._job.result)
        elif self._job.error:
            self.empty(self._job.error)


class Place(Choice):
    """One of a result's attacks, models or images, by its position."""

    def __init__(self, label: str, position: int = 0) -> None:
        super().__init__(value=str(position), label=label, options=_places(["–"] * (position + 1)))

    def offer(self, names: Sequence[str], hints: Sequence[str] = ()) -> None:
        """Offer these names; the position stays where there are so many."""
        options = _places(names, hints)
        if options != self.options:
            self.options = options
            if self.value not in [option["value"] for option in options]:
                self.value = "0"

    def read(self) -> int:
        """The chosen position."""
        return int(super().read())

    def write(self, value: int) -> None:
        """Choose this position."""
        super().write(str(value))


def _places(names: Sequence[str], hints: Sequence[str] = ()) -> list[Any]:
    hinted = zip_longest(names, hints, fillvalue="")
    return [dict(Option(value=str(i), label=name, help=hint)) for i, (name, hint) in enumerate(hinted)]


def _name_of(spec: Spec, cards: dict[str, Any], kind: str) -> str:
    for name, card in cards.items():
        if card.spec == spec:
            return name
    raise SpecError(f"The {kind} of these settings is not offered here.")


def fits(model: ModelCard, data: DataCard) -> bool:
    """Whether the model takes the data's images; what an own model does not tell is the worker's to check."""
    pairs = ((model.shape, data.shape), (model.classes, data.classes))
    return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)


def _option(card: ModelCard) -> Option:
    shown = {name: card.measured[name] for name in ("clean", "pgd") if name in card.measured}
    note = " · ".join(f"{_METHODS[name]} {value:.0%}" for name, value in shown.items())
    trained = f"Trained on {card.data}. " if card.data else ""
    return Option(
        value=card.name,
        label=card.name,
        colour=model_colour(card.name),
        note=note,
        help=f"{trained}Accuracies: {note}." if note else trained,
    )


_METHODS = {"clean": "clean", "pgd": "PGD"}


def _size(card: DataCard) -> str:
    if card.shape is None:
        return ""
    channels, height, width = card.shape
    colour = "colour" if channels == 3 else "grey"
    return f"{card.n_test:,} test images, {height}×{width} px, {colour}, {card.classes} classes"
