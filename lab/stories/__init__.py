"""Guided stories on the pages: guess first, then see what the numbers say."""

from lab.stories.address import Telling as Telling, read as read, write as write
from lab.stories.guesses import guessable as guessable
from lab.stories.listing import STORIES as STORIES
from lab.stories.story import (
    Amount as Amount,
    Reply as Reply,
    Story as Story,
    StoryOutcome as StoryOutcome,
    StoryStep as StoryStep,
)
