"""Pictures of single test images, for beside the pointer and for cards."""

from collections.abc import Callable

from lab.errors import LabError
from lab.results import PreviewResult
from lab.specs import Preview
from lab.specs.data import DataSpec
from widgets.figures.mosaic import picture, png
from widgets.loop import OnLoop
from widgets.parts.engine import PageEngine, PageJob

_AT_ONCE = 16  # images that are fetched together: neighbours are soon pointed at, too


class Pictures:
    """Pictures of test images, fetched by a worker when they are first asked for; ``arrived()`` says they have come."""

    def __init__(self, engine: PageEngine, arrived: Callable[[], None]) -> None:
        self._engine = engine
        self._jobs: dict[tuple[DataSpec, int], PageJob] = {}
        self._arrived = OnLoop(arrived)

    def tip(self, data: DataSpec, image: int) -> dict[str, object] | None:
        """Return the picture beside the pointer; None while it is fetched, or when there is none."""
        source, found = self.source(data, image), self._fetched(data, image // _AT_ONCE)
        if not source or found is None:
            return None
        label = found.class_names[found.y[image % _AT_ONCE]]
        return {"pictures": [source], "words": f"image {image}, label {label}"}

    def source(self, data: DataSpec, image: int) -> str:
        """The picture of an image as a data address; empty while it is fetched, or when there is none."""
        found = self._fetched(data, image // _AT_ONCE)
        place = image % _AT_ONCE
        if found is None or place >= len(found.y):
            return ""
        return png(picture(found.x[place].transpose(2, 0, 1) / 255))

    def _fetched(self, data: DataSpec, block: int) -> PreviewResult | None:
        if (data, block) not in self._jobs:
            images = tuple(range(block * _AT_ONCE, (block + 1) * _AT_ONCE))
            try:
                job = self._engine.submit(Preview(data, images), on_change=lambda _: self._arrived())
            except LabError:
                return None  # a preview is no reason to complain; the next hover asks again
            self._jobs[data, block] = job
        found = self._jobs[data, block].result
        return found if isinstance(found, PreviewResult) else None
