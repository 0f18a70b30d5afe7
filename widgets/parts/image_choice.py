"""Choosing some of the test images of a data set, or one: by looking at them, or by looking for them."""

from contextlib import suppress
from typing import Any

from lab import datafiles
from lab.counts import counted
from lab.errors import LabError
from lab.pairing import names_on
from lab.results import PreviewResult, ScreeningResult
from lab.specs import Preview, Screening
from lab.specs.data import DataSpec, without_drawing
from lab.specs.sentences import labelled
from widgets.controls import Images
from widgets.loop import OnLoop
from widgets.parts.engine import PageEngine, PageJob
from widgets.parts.image_search import ALL, AS_STORED, ORDERS, Search, criteria

_A_PAGE = 16  # thumbnails shown at a time
_SEARCHED = 0.3  # seconds between two searches while a slider is dragged


class ImageChoice(Images):
    """Some test images of a data set, by looking at them; a worker fetches the thumbnails.

    It finds them by their label, and by what the models make of them that :meth:`screen` names.
    """

    def __init__(self, engine: PageEngine, **traits: object) -> None:
        self._found: tuple[int, ...] | None = None  # the images that are listed; None for all
        super().__init__(
            label="Test images", a_page=_A_PAGE, orders=list(ORDERS), criterion=ALL, order=AS_STORED, **traits
        )
        self._engine = engine
        self._job: PageJob | None = None
        self._data: DataSpec | None = None
        self._changed = OnLoop(self._arrived)
        self._classes: tuple[str, ...] = ()
        self._asked: Screening | None = None
        self._attacked = True
        self._screened: PageJob | None = None
        self._looked = OnLoop(self._listen)
        self._search_again = OnLoop(self._search, _SEARCHED)
        self.observe(self._turned, "page")
        self.observe(lambda _: self._search(), ["criterion", "order"])

    def offer(self, data: DataSpec) -> None:
        """Offer the images of another data set, from its first one on; with another drawing, from where they are."""
        if self._data is None or without_drawing(data) != without_drawing(self._data):
            self._data = None  # so that turning back to the first page fetches nothing yet
            self._found, self._classes, self._asked = None, (), None
            with self.hold_trait_notifications():
                self.page, self.criterion, self.order = 0, ALL, AS_STORED
        self._data = data
        with suppress(LabError):
            self.total = datafiles.outline(data).n_test
        self._list(self._found)

    def screen(self, spec: Screening | None, attacked: bool = True) -> None:
        """Find images by what these models make of them; None where there are no models, or none that fit.

        Not ``attacked``: by their labels and predictions only.
        """
        if (spec, attacked) != (self._asked, self._attacked):
            self._asked, self._attacked = spec, attacked
            self._offer_criteria()
            if self._looked_for.asks_models or self._found is not None:
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
        self.criteria = [
            dict(each) for each in criteria(self._classes, models, spec.ball if spec and self._attacked else None)
        ]

    def _search(self) -> None:
        """List what is looked for, or say that it is looked for."""
        if not self._looked_for.asks_models:
            self.found = ""
            self._list(None)
            return
        if self._asked is None:
            self._say_instead("Choose a model first: what it predicts is looked at.")
            return
        before = self._screened
        if before is None or before.spec != self._asked or before.error:
            if before is not None:
                before.cancel()
            try:
                self._screened = self._engine.submit(self._asked, on_change=lambda _: self._looked())
            except LabError as error:
                self._say_instead(labelled(error))
                return
        self._listen()

    def _listen(self) -> None:
        """Take what has been found since."""
        job, searched = self._screened, self._looked_for
        if job is None or not searched.asks_models:
            return
        result = job.result or job.partial
        if job.error:
            self._say_instead(job.error)
        elif isinstance(result, ScreeningResult) and result.models:
            try:
                positions = searched.positions(result)
            except IndexError:  # the models come one by one
                return
            screened = counted(len(result.y), "image")
            of = screened if len(result.y) == self.total else f"the first {screened}"
            self.found = f"{len(positions):,} of {of} · PGD with {result.spec.attack.steps} steps"
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
        if self._found is None:
            self.page = self.value[0] // _A_PAGE
        elif self.value[0] in self._found:
            self.page = self._found.index(self.value[0]) // _A_PAGE

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
