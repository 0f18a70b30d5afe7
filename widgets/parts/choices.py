"""Choosing data and models that fit it."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import traitlets as t

from lab.catalogue import DataCard, ModelCard, data_card, data_sets, models
from lab.counts import counted
from lab.errors import SpecError
from lab.pairing import marked, offered, trained_alike
from lab.specs import Spec
from lab.specs.data import DataSpec, Drawn, without_drawing
from lab.specs.models import ModelSpec, name_of
from lab.specs.spec import title_of
from widgets.controls import Choice, Option, Several
from widgets.controls.control import source
from widgets.loop import Every, OnLoop
from widgets.parts.downloads import Fetch, Row, fetches
from widgets.theme import model_paint

_NEWS = 2.0  # seconds until a network that was trained, or discarded, is noticed


class DataChoice(Choice):
    """One of the data sets whose files are there, or of these with a drawing beside its images.

    On a lab of one's own, one press downloads another one, which then is chosen unless a person has chosen meanwhile.
    """

    _esm = source("downloads", Path(__file__).parent, beside=["options"])
    _css = Path(__file__).with_name("downloads.css")

    downloads = t.List[Row]().tag(sync=True)

    def __init__(self, **traits: object) -> None:
        self.cards = {card.name: card for card in self._offered()}
        first = next(iter(self.cards), "")
        super().__init__(value=first, label="Data set", options=_data_options(self.cards), **traits)
        self._fetches = fetches()
        self._awaited: tuple[Fetch, object] | None = None
        self.downloads = [each.row() for each in self._fetches if not each.is_here]
        self.on_msg(self._pressed)
        if self._fetches:
            changed = OnLoop(self._fetched)
            for each in self._fetches:
                each.listen(changed)

    def read(self) -> DataSpec:
        """The chosen data set."""
        return self.card.spec

    def write(self, value: DataSpec) -> None:
        """Choose this data set. Raises :class:`SpecError` when it is not offered here.

        A drawing is offered when it is chosen, in the place of the one before.
        """
        if isinstance(value, Drawn):
            self._offer_drawing(value)
        if any(each.spec == value and not each.is_here for each in self._fetches):
            raise SpecError(f"{title_of(value)} is not here yet: open 'Download another data set' under the data set.")
        self.value = _name_of(value, self.cards, "data set")

    @property
    def card(self) -> DataCard:
        """Facts about the chosen data set."""
        name = self.chosen()
        if name not in self.cards:
            raise SpecError(f"Data set must be one of {', '.join(self.cards):.150}, but is {name!r:.40}.")
        return self.cards[name]

    def _offered(self) -> list[DataCard]:
        return [card for card in data_sets() if card.available]

    def _pressed(self, _: object, content: object, __: object) -> None:
        """Begin or stop the download that a person names. Of what is not offered here, nothing happens."""
        action, name = (content.get("action"), content.get("name")) if isinstance(content, dict) else (None, None)
        for each in self._fetches:
            if each.name == name and action == "download":
                self._awaited = each, self.value
                each.start()
            elif each.name == name and action == "stop":
                each.stop()

    def _fetched(self) -> None:
        """Show how far downloads are, and offer what has come."""
        offered = {card.spec for card in self.cards.values()}
        if any(each.is_here and each.spec not in offered for each in self._fetches):
            drawings = {name: card for name, card in self.cards.items() if isinstance(card.spec, Drawn)}
            self.cards = {card.name: card for card in self._offered()} | drawings
            self.options = _data_options(self.cards)
        self.downloads = [each.row() for each in self._fetches if not each.is_here]
        if self._awaited and self._awaited[0].is_here:
            (fetch, before), self._awaited = self._awaited, None
            if self.value == before and fetch.spec in [card.spec for card in self.cards.values()]:
                self.write(fetch.spec)

    def _offer_drawing(self, drawing: Drawn) -> None:
        cards = {name: card for name, card in self.cards.items() if not isinstance(card.spec, Drawn)}
        if drawing.data not in [card.spec for card in cards.values()]:
            return
        shape = zlib.crc32(f"{drawing.label} {drawing.pixels}".encode())
        self.cards = cards | {f"drawing {shape:08x}": data_card(drawing)}  # another drawing is another choice
        self.options = _data_options(self.cards)


class ModelChoice(Several):
    """Up to four of the models that were trained on the data. New ones are offered as they come.

    Models that were trained on other data and take these images, too, stand apart, with a mark. None of them is chosen
    unless a person, or a link, chooses it.
    """

    def __init__(self, preferred: tuple[str, ...], **traits: object) -> None:
        self.cards = {card.name: card for card in models()}
        self._preferred = preferred
        self._data: DataCard | None = None
        self._mine: list[str] = []
        self._others: list[str] = []
        super().__init__(label="Models", apart="Models trained on other data", **traits)
        self._news = Every(_NEWS, self.refresh)

    def offer(self, data: DataCard) -> None:
        """Offer the models that fit a data set; those chosen before stay chosen where they were trained on it.

        Those from elsewhere stay, too, while the data set does.
        """
        same = self._data is not None and without_drawing(self._data.spec) == without_drawing(data.spec)
        self._data = data
        fitting = offered(self.cards.values(), data)
        self._mine = [card.name for card, elsewhere in fitting if not elsewhere]
        self._others = [card.name for card, elsewhere in fitting if elsewhere]
        before = self.value if isinstance(self.value, list | tuple) else ()
        kept = [name for name in before if name in self._mine or (same and name in self._others)]
        preferred = [trained_alike(name, data.spec) for name in self._preferred]
        standard = [name for name in self._mine if name == trained_alike("standard", data.spec)]
        usual = [name for name in preferred if name in self._mine] or standard or self._mine[:1]
        with self.hold_sync():
            self.options = [_option(card) for card, elsewhere in fitting if not elsewhere]
            self.others = [_option(card, elsewhere) for card, elsewhere in fitting if elsewhere]
            self.value = kept or usual

    def refresh(self) -> None:
        """Look whether models have come or gone, and offer what there is now."""
        cards = {card.name: card for card in models()}
        if cards != self.cards:
            self.cards = cards
            if self._data is not None:
                self.offer(self._data)

    def read(self) -> tuple[ModelSpec, ...]:
        """The chosen models. Raises :class:`SpecError` when there are none, too many, or one that does not fit."""
        chosen = self.value if isinstance(self.value, list | tuple) else ()
        if not chosen and not self._mine and self._data is not None:
            raise SpecError(_none_here(self._data, bool(self._others)))
        names = self.several(chosen)
        for name in names:
            if name not in (*self._mine, *self._others):
                raise SpecError(self._misfit(name))
        return tuple(self.cards[str(name)].spec for name in names)

    def write(self, value: Iterable[ModelSpec]) -> None:
        """Choose these models, from elsewhere or not. Raises :class:`SpecError` when one is not in the lab's list."""
        self.value = [_name_of(each, self.cards, "model") for each in value]

    def _misfit(self, name: object) -> str:
        """Why a model that is not offered is not."""
        card = self.cards.get(name) if isinstance(name, str) else None
        if card is None or self._data is None:
            return f"Models must be among those of the list, but one is {name!r:.40}."
        takes = f"images of {_sized(card.shape)} in {card.classes} classes"
        return f"{name} takes {takes}, and {self._data.name} has other ones: choose another model."


class OneModel(Choice):
    """One of the models whose images are the data's: first those that were trained on it, then, marked, the others."""

    def __init__(self, model: ModelSpec, label: str, meaning: str) -> None:
        self.cards: dict[str, ModelCard] = {}
        self._usual = name_of(model)
        super().__init__(value=self._usual, label=label, help=meaning)

    def offer(self, data: DataCard) -> None:
        """Offer the models that fit a data set; the one chosen before stays if it was trained on it."""
        fitting = offered(self._known(), data)
        fitting.sort(key=lambda each: bool(each[1]))
        mine = [card.name for card, elsewhere in fitting if not elsewhere]
        self.cards = {card.name: card for card, _ in fitting}
        with self.hold_sync():
            self.options = [_option(card, elsewhere) for card, elsewhere in fitting]
            if self.value not in mine:
                usual = trained_alike(self._usual, data.spec)
                self.value = next((name for name in (usual, *mine, *self.cards) if name in (mine or self.cards)), "")

    def _known(self) -> list[ModelCard]:
        """All models that may be offered."""
        return models()

    def read(self) -> ModelSpec:
        """The chosen model. Raises :class:`SpecError` when it is not offered."""
        if not isinstance(self.value, str) or self.value not in self.cards:
            names = ", ".join(self.cards)
            raise SpecError(f"{self.label} must be one of {names:.150}, but is {self.value!r:.40}.")
        return self.cards[self.value].spec

    def write(self, value: ModelSpec) -> None:
        """Choose this model."""
        self.value = name_of(value)


class PositionChoice(Choice):
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
        position = self.chosen()
        if not position.isdecimal():
            raise SpecError(f"{self.label} must be one of those offered, but is {position!r:.40}.")
        return int(position)

    def write(self, value: int) -> None:
        """Choose this position."""
        super().write(str(value))


def _places(names: Sequence[str], hints: Sequence[str] = ()) -> list[Option]:
    hinted = zip_longest(names, hints, fillvalue="")
    return [Option(value=str(i), label=name, help=hint) for i, (name, hint) in enumerate(hinted)]


def _data_options(cards: Mapping[str, DataCard]) -> list[Option]:
    return [Option(value=name, label=card.name, note=_about(card)) for name, card in cards.items()]


def _about(card: DataCard) -> str:
    """How many images of which size, and what else a person should know of the data."""
    size = _size(card)
    return " ".join([f"{size}.", *card.notes]) if size and card.notes else size


def _name_of(spec: Spec, cards: Mapping[str, DataCard | ModelCard], kind: str) -> str:
    for name, card in cards.items():
        if card.spec == spec:
            return name
    raise SpecError(f"The {kind} of these settings is not offered here.")


def _none_here(data: DataCard, others: bool) -> str:
    """Word what to do where no model belongs to the data."""
    choose = ", choose one trained on other data" if others else ""
    return f"No model here was trained on {data.name}: train one in the studio{choose}, or bring one with --model."


def _option(card: ModelCard, elsewhere: str = "") -> Option:
    """A model as an option; what it was measured on elsewhere is not said beside these data."""
    if elsewhere:
        help_ = f"Trained on {elsewhere}, not on these data: it may misclassify even clean images."
        return Option(
            value=card.name, label=marked(card.name, elsewhere), colour=model_paint(card.name), note="", help=help_
        )
    strongest = "evaluation" if "evaluation" in card.measured else "pgd"
    shown = {name: card.measured[name] for name in ("clean", strongest) if name in card.measured}
    note = " · ".join(f"{_METHODS[name]} {value:.0%}" for name, value in shown.items())
    images = f"{counted(card.train_images, 'image')} of " if card.train_images else ""
    trained = f"Trained on {images}{card.data}. " if card.data else ""
    measured = ", ".join(f"{value:.0%} {_MEANINGS[name]}" for name, value in shown.items())
    return Option(
        value=card.name,
        label=card.name,
        colour=model_paint(card.name),
        note=note,
        help=f"{trained}Accuracy: {measured}." if measured else trained,
    )


_METHODS = {"clean": "clean", "pgd": "PGD", "evaluation": "robust"}
_MEANINGS = {"clean": "on clean images", "pgd": "under PGD", "evaluation": "under the quick evaluation"}


def _size(card: DataCard) -> str:
    if card.n_test is None or card.shape is None:
        return ""
    return f"{counted(card.n_test, 'test image')}, {_sized(card.shape)}, {card.classes} classes"


def _sized(shape: tuple[int, int, int] | None) -> str:
    if shape is None:
        return "any size"
    channels, height, width = shape
    return f"{height}×{width} px, {'colour' if channels == 3 else 'grey'}"
