"""Choosing some of the test images of a data set, or one: by looking at them, or by looking for them."""

from contextlib import suppress
from typing import Any

import traitlets as t

from lab import datafiles
from lab.errors import LabError, SpecError
from lab.pairing import names_on
from lab.results import PreviewResult, ScreeningResult
from lab.specs import Preview, Screening
from lab.specs.data import DataSpec, without_drawing
from lab.specs.screening import ATTACKED, DISTANCES, LABELS, MOST_SCREENED, PREDICTIONS
from lab.specs.sentences import labelled
from widgets.controls import Images, Option
from widgets.loop import OnLoop
from widgets.parts.engine import PageEngine, PageJob
from widgets.parts.image_search import ALL, AS_STORED, Search, criteria, orders

_A_PAGE = 16  # thumbnails shown at a time
_SEARCHED = 0.3  # seconds between two searches while a slider is dragged
_EXAMINED = {LABELS: MOST_SCREENED, PREDICTIONS: MOST_SCREENED, ATTACKED: 1000, DISTANCES: 200}
"""How many images, from the first one on, are examined so far: what takes a moment on digits."""
_FEWER = 20  # times fewer photographs


def _plain(options: list[Option]) -> list[dict[str, object]]:
    return [dict(each) for each in options]


class ImageChoice(Images):
    """Some test images of a data set, by looking at them; a worker fetches the thumbnails.

    It finds them by their label, and by what the models make of them that :meth:`screen` names.
    """

    def __init__(self, engine: PageEngine, **traits: object) -> None:
        self._found: tuple[int, ...] | None = None  # the images that are listed; None for all
        super().__init__(
            label="Test images",
            a_page=_A_PAGE,
            orders=_plain(orders((), None)),
            criterion=ALL,
            order=AS_STORED,
            **traits,
        )
        self._engine = engine
        self._job: PageJob | None = None
        self._data: DataSpec | None = None
        self._changed = OnLoop(self._arrived)
        self._classes: tuple[str, ...] = ()
        self._asked: Screening | None = None
        self._attacked, self._fewer = True, 1
        self._screened: PageJob | None = None
        self._looked = OnLoop(self._listen)
        self._search_again = OnLoop(self._search, _SEARCHED)
        self.observe(self._turned, "page")
        self.observe(lambda _: self._search(), ["criterion", "order"])
        self.observe(self._turn_to, "value")

    def offer(self, data: DataSpec) -> None:
        """Offer the images of another data set, from its first one on; with another drawing, from where they are."""
        if self._data is None or without_drawing(data) != without_drawing(self._data):
            self._data = None  # so that turning back to the first page fetches nothing yet
            self._found, self._classes, self._asked = None, (), None
            with self.hold_trait_notifications():
                self.page, self.criterion, self.order = 0, ALL, AS_STORED
        self._data = data
        with suppress(LabError):
            outline = datafiles.outline(data)
            self.total, self._fewer = outline.n_test, _FEWER if outline.opening.large else 1
        self._list(self._found)

    def screen(self, spec: Screening | None, attacked: bool = True) -> None:
        """Find images by what these models make of them; None where there are no data, or none that can be read.

        Not ``attacked``: by their labels and predictions only.
        """
        if (spec, attacked) != (self._asked, self._attacked):
            self._asked, self._attacked = spec, attacked
            self._offer_criteria()
            if not self._looked_for.is_for_all or self._found is not None:
                self._search_again()

    @property
    def _looked_for(self) -> Search:
        """What the browser asks for, as far as it is offered."""
        known = [{each["value"] for each in options} for options in (self.criteria, self.orders)]
        criterion, order = (
            said if isinstance(said, str) and said in offered else usual
            for said, offered, usual in zip((self.criterion, self.order), known, (ALL, AS_STORED), strict=True)
        )
        return Search(criterion, order)

    def _offer_criteria(self) -> None:
        spec = self._asked
        models = () if spec is None else names_on(spec.models, spec.data)
        ball = spec.ball if spec and self._attacked else None
        self.criteria = _plain(criteria(self._classes, models, ball))
        self.orders = _plain(orders(models, ball))

    def _search(self) -> None:
        """List what is looked for, or say that it is looked for."""
        searched, asked = self._looked_for, self._asked
        if searched.is_for_all or asked is None:
            self.found = ""
            self._list(None)
            return
        extent, before = searched.extent, self._screened
        images = max(1, _EXAMINED[extent] // self._fewer)
        asked = asked.replace(extent=extent, images=images, models=() if extent == LABELS else asked.models)
        if before is None or before.spec != asked or before.error:
            if before is not None:
                before.cancel()
            try:
                self._screened = self._engine.submit(asked, on_change=lambda _: self._looked())
            except LabError as error:
                self._say_instead(labelled(error))
                return
        self._listen()

    def _listen(self) -> None:
        """Take what has been found since."""
        job, searched = self._screened, self._looked_for
        if job is None or searched.is_for_all:
            return
        result = job.result or job.partial
        if job.error:
            self._say_instead(job.error)
        elif isinstance(result, ScreeningResult) and result.spec.reaches(searched.extent):
            try:
                positions = searched.positions(result)
            except IndexError:  # the models come one by one
                return
            self.found = searched.said_of(len(positions), result, self.total)
            self._list(tuple(map(int, positions)))
        else:
            self._say_instead("The images are being looked at …")

    def _say_instead(self, words: str) -> None:
        """List no images, and say why."""
        self.found, self.listed = "", 0
        self.empty(words)

    def _list(self, found: tuple[int, ...] | None) -> None:
        """Show these images, or all, from the page on that is open if there is one, else from their first."""
        before, self._found = self._found, found
        self.numbered = found is None
        self.listed = self.total if found is None else len(found)
        if found is not None and not found:
            self.empty("No test image is so.")
        elif found != before and self.page != 0:
            self.page = 0  # which fetches them
        else:
            self._turned(None)

    def write(self, value: Any) -> None:
        """Choose these positions, and turn to the page of the first."""
        super().write(value)
        self._open_at(self.value[0])

    def _turn_to(self, change: t.Bunch) -> None:
        """Turn to the page of an image that has been chosen by its number."""
        before = change["old"] if isinstance(change["old"], list | tuple) else ()
        with suppress(SpecError):
            added = [each for each in self.chosen() if each not in before]
            if len(added) == 1 and added[0] not in self.positions:
                self._open_at(added[0])

    def _open_at(self, position: int) -> None:
        if self._found is None:
            self.page = position // _A_PAGE
        elif position in self._found:
            self.page = self._found.index(position) // _A_PAGE

    def _turned(self, _: object) -> None:
        if self._data is not None and type(self.page) is int and 0 <= self.page <= self.listed // _A_PAGE:
            self._fetch(self._data)

    def _fetch(self, data: DataSpec) -> None:
        page = slice(self.page * _A_PAGE, (self.page + 1) * _A_PAGE)
        try:
            spec = Preview(data, tuple(range(page.start, page.stop)) if self._found is None else self._found[page])
            self._job = self._engine.submit(spec, on_change=lambda _: self._changed())
        except LabError as error:
            self.empty(labelled(error))
            return
        self._arrived()

    def _arrived(self) -> None:
        job = self._job
        if job is not None and isinstance(job.result, PreviewResult):
            if self._classes != job.result.class_names:
                self._classes = job.result.class_names
                self._offer_criteria()
            self.show(job.result)
            if self._found is None:
                self.listed = self.total
        elif job is not None and job.error:
            self.empty(job.error)


class OneImage(ImageChoice):
    """One test image of a data set, by looking at it."""

    def __init__(self, engine: PageEngine, **traits: object) -> None:
        super().__init__(engine, most=1, **traits)
        self.label = "Test image"

    def read(self) -> int:
        """The chosen position."""
        [position] = self.chosen()
        return int(position)

    def write(self, value: int) -> None:
        """Choose this position."""
        super().write([value])
