"""Links to the steps of stories, as an address holds them: ``one-step/in-twenty-steps&results=after-guess``.

What comes back from an address is a visitor's word: it can only name a step that there is.
"""

from dataclasses import dataclass

from lab.errors import LabError
from lab.stories.listing import STORIES
from lab.stories.story import Story, StoryStep

_OPTIONS = {"settings=hidden": "without_settings", "results=after-guess": "guess_first"}
"""The options of a teacher's link, and the fields of :class:`Telling` that they set."""


@dataclass(frozen=True)
class Telling:
    """A step of a story as it is told.

    ``without_settings``: the drawer of settings is not offered. ``guess_first``: there are no results without a guess.
    """

    story: Story
    position: int
    without_settings: bool = False
    guess_first: bool = False

    @property
    def step(self) -> StoryStep:  # type: ignore[type-arg]
        """The step itself."""
        return self.story.steps[self.position]


def write(telling: Telling) -> str:
    """The step as an address holds it."""
    options = [text for text, name in _OPTIONS.items() if getattr(telling, name)]
    return "&".join([f"{telling.story.name}/{telling.step.name}", *options])


def read(text: str) -> Telling:
    """The step that :func:`write` wrote. Raises :class:`LabError` in one sentence when there is none."""
    path, *options = text.split("&")
    name, _, step = path.partition("/")
    story = next((each for each in STORIES if each.name == name), None)
    position = None if story is None else story.position(step)
    if story is None or position is None or not set(options) <= set(_OPTIONS):
        raise LabError("This link names no step of a story: open one from the home page.")
    return Telling(story, position, **{_OPTIONS[each]: True for each in options})
