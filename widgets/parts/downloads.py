"""Downloads of published data sets for the pages of this kernel: on a lab of one's own, never for a visitor."""

import logging
import threading
from collections.abc import Callable
from typing import TypedDict

from lab.context import Cancelled, Context, Progress
from lab.downloads import Offer, download, offer_of, offers
from lab.errors import LabError
from lab.limits import among_strangers
from lab.specs.data import PublishedData

_LOG = logging.getLogger("lab.page")


class Row(TypedDict):
    """A download as a page shows it: what it is, how far, in words too, and what went wrong."""

    name: str
    title: str
    words: str
    running: bool
    begun: bool
    fraction: float
    detail: str
    error: str


class Fetch:
    """The download of one data set: offered, running in a thread of this kernel, stopped, failed, or here."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._progress: Progress | None = None
        self._error = ""
        self._running = self._stopping = False
        self._listeners: list[Callable[[], None]] = []
        self.is_here = False

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.spec.published.name

    @property
    def spec(self) -> PublishedData:
        """The data set."""
        return self._offer.spec

    def listen(self, changed: Callable[[], None]) -> None:
        """Have a function called, from any thread, when something has changed."""
        self._listeners.append(changed)

    def start(self) -> None:
        """Begin, or go on, unless it runs. Raises :class:`LabError` where others than the owner reach the pages."""
        if among_strangers():
            raise LabError("Visitors of a public lab download no data sets: its owner can, with data fetch.")
        if self._running or self.is_here:
            return
        self._running, self._stopping, self._error, self._progress = True, False, "", None
        threading.Thread(target=self._run, name=f"download-{self.name}", daemon=True).start()
        self._tell()

    def stop(self) -> None:
        """Stop it where it is; what has arrived is kept."""
        self._stopping = True
        self._tell()

    def row(self) -> Row:
        """What a page shows of it."""
        return Row(
            name=self.name,
            title=self._offer.title,
            words=self._offer.words,
            running=self._running,
            begun=bool(self._error),
            fraction=self._progress.fraction if self._progress else 0.0,
            detail=self._detail() if self._running else "",
            error=self._error,
        )

    def _run(self) -> None:
        try:
            download(self.spec, Context(on_progress=self._heard, cancelled=lambda: self._stopping))
            self.is_here = offer_of(self.spec) is None
        except Cancelled:
            self._error = "Stopped: what has arrived is kept, and the download goes on from there."
        except LabError as error:
            self._error = str(error)
        except Exception as fault:
            _LOG.error("%s while %s is downloaded: %s", type(fault).__name__, self.name, fault)
            self._error = f"Something went wrong in the lab ({type(fault).__name__}): its log says where."
        self._running = False
        self._tell()

    def _heard(self, progress: Progress) -> None:
        self._progress = progress
        self._tell()

    def _tell(self) -> None:
        for each in self._listeners:
            each()

    def _detail(self) -> str:
        """How far it is: bytes, rate, time left."""
        if self._stopping:
            return "stopping"
        if self._progress is None:
            return "connecting"
        rate = self._progress.metrics.get("MB/s")
        if not rate:
            return self._progress.doing
        size = self._offer.size / 1e6
        done = self._progress.fraction * size
        return f"{done:,.1f} of {size:,.1f} MB, {rate:,.1f} MB/s, {_left((size - done) / rate)}"


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"


_fetches: dict[PublishedData, Fetch] = {}


def fetches() -> list[Fetch]:
    """The downloads that this kernel's pages offer, each one object for all of them; none on a public lab."""
    return [] if among_strangers() else [_fetch(each) for each in offers()]


def _fetch(offer: Offer) -> Fetch:
    found = _fetches.get(offer.spec)
    if found is None or found.is_here:  # it was, and has been removed since
        found = _fetches[offer.spec] = Fetch(offer)
    return found
