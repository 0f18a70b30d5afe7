"""Teller: takes a visitor through a story, step by step, on the pages."""

from collections.abc import Callable
from dataclasses import replace

import traitlets as t

from lab import stories
from lab.errors import LabError
from lab.specs.sentences import labelled
from lab.stories import StoryStep, Telling
from widgets.parts.page import AnyPage
from widgets.parts.story_card import StoryCard

OpenStep = Callable[[StoryStep], AnyPage]  # type: ignore[type-arg]

_ENDED = ("failed", "cancelled")


class Teller:
    """Tells stories on its ``card``: opens each step's page with the step's settings, and replies to the guess.

    ``open_step(step)`` opens its page as it says and returns it; ``moved(address)`` is told which step is
    open as an address holds it, or "" for none. The figures wait for the guess while they are computed. Every guess
    comes by :meth:`_guess`, judged: nothing keeps it here.
    """

    def __init__(self, open_step: OpenStep, moved: Callable[[str], None]) -> None:
        self.card = StoryCard(self._pressed)
        self.telling: Telling | None = None
        self._open_step, self._moved = open_step, moved
        self._page: AnyPage | None = None
        self._guessed: tuple[float | None] | None = None  # the guess, once there is one; None in it where it is skipped

    @property
    def address(self) -> str:
        """The open step as an address holds it; "" for none."""
        return "" if self.telling is None else stories.write(self.telling)

    def open(self, address: str) -> None:
        """Open the step that an address names. Raises :class:`LabError` in a sentence when it names none."""
        self._tell(stories.read(address))

    def leave(self) -> None:
        """End the story; its page stays as it is."""
        if self.telling is None:
            return
        self._release()
        self.telling = None
        self.card.show(None)
        self._moved("")

    def goes_to(self, page: str) -> None:
        """A page is opened: a story that is not told there ends."""
        if self.telling is not None and self.telling.step.page != page:
            self.leave()

    def _tell(self, telling: Telling) -> None:
        self._release()
        self.telling, self._guessed = telling, None
        self._moved(self.address)
        self.card.show(telling)
        try:
            self._page = self._open_step(telling.step)
        except LabError as error:
            self.card.say(f"This step cannot be shown here. {labelled(error)}", "error")
            self.card.guessed = True
            return
        self._page.bar.observe(self._look, ["state", "draws", "refusal", "stale"])
        self._look()

    def _release(self) -> None:
        if self._page is not None:
            self._page.bar.unobserve(self._look, ["state", "draws", "refusal", "stale"])
            self._page = None

    def _pressed(self, content: object) -> None:
        """Do what a browser sends, as far as it can be: anything else changes nothing."""
        if self.telling is None:
            return
        if isinstance(content, dict) and content.keys() == {"guess"}:
            self._guess(content["guess"])
        elif content == "leave":
            self.leave()
        elif content in ("back", "next"):
            self._go(self.telling, self.telling.position + (1 if content == "next" else -1))
        elif content == "restore" and self._page is not None:
            self._page.ask(self.telling.step.asked)

    def _go(self, telling: Telling, position: int) -> None:
        if position == len(telling.story.steps):
            self.leave()
        elif position >= 0:
            self._tell(replace(telling, position=position))

    def _guess(self, guess: object) -> None:
        """Take a guess of the open step, or None for going without."""
        telling = self.telling
        if telling is None or self._guessed is not None or self._page is None:
            return
        if telling.step.admits(guess) or (guess is None and not telling.guess_first):
            self._guessed = (guess,)  # type: ignore[assignment]  # admitted
            self._look()

    def _look(self, _: t.Bunch | None = None) -> None:
        """See what the page has computed by now, and reply to a guess from it."""
        telling, page = self.telling, self._page
        if telling is None or page is None:
            return
        card, asked, guessed = self.card, telling.step.asked, self._guessed
        with card.hold_sync():
            card.guessed, card.veiled = guessed is not None, guessed is None
            shown = getattr(page.result, "spec", None)
            if shown == asked and telling.step.enough(page.result):
                card.stale = False
                if guessed is not None:
                    reply = telling.step.reply(guessed[0], page.result)
                    card.say(reply.words, "note" if guessed[0] is None else "right" if reply.right else "wrong")
            elif card.said.get("state") in ("right", "wrong", "note"):
                card.stale = True
            elif page.bar.state in _ENDED or page.bar.refusal:
                card.say("There is no result to compare with: see beside Run.", "error")
            elif guessed is not None:
                card.say("The numbers are being computed …", "waiting")
