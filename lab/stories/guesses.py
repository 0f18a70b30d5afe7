"""What can be guessed in the stories, for who counts the guesses of a class without knowing the stories."""

from lab.stories.address import Telling, write
from lab.stories.listing import STORIES
from lab.stories.story import Amount


def guessable() -> dict[str, list[float]]:
    """By each step as an address holds it: the least guess, the largest, and how far apart two are, 0 for no matter."""
    found: dict[str, list[float]] = {}
    for story in STORIES:
        for position, step in enumerate(story.steps):
            address, guess = write(Telling(story, position)), step.guess
            found[address] = [guess.least, guess.most, 0] if isinstance(guess, Amount) else [0, len(guess) - 1, 1]
    return found
