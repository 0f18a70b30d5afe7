"""The guesses of a class over HTTP, and the link by which a browser becomes the teacher's. They take no kernel."""

from __future__ import annotations

from tornado.web import HTTPError

from lab.server.guesses import Guesses
from lab.server.identity import Cookies, visitor_of
from lab.server.kernels import Kernels
from lab.server.light import Light
from lab.server.login import admit, local
from lab.server.notices import notice

WRONG_LINK = "That is not the link to the guesses of this class: it changes with each start of the lab."


class GuessesHandler(Light):
    """``POST /guesses``: a visitor's guess; ``GET`` and ``DELETE``: the counts of a step, for the teacher."""

    _guesses: Guesses

    def prepare(self) -> None:
        """Answer only where guesses are collected."""
        if self.settings["guesses"] is None:
            raise HTTPError(404)
        self._guesses = self.settings["guesses"]
        self.set_header("Cache-Control", "no-store")

    def post(self) -> None:
        """Count the guess of a visitor who has a page open."""
        kernels: Kernels = self.settings["kernel_manager"]
        visitor = visitor_of(self)
        if visitor is None or not kernels.pages_of(visitor):
            raise HTTPError(403)
        step, guess = self.get_body_argument("step", ""), self.get_body_argument("guess", "")
        self.set_status(204 if self._guesses.make(step, visitor, guess) else 400)

    def get(self) -> None:
        """Answer as JSON: a list of each guess and how many made it; nothing to a page that asks whose it is."""
        if not self._guesses.teacher.is_known(self.request):
            self.set_status(204)
            return
        counts = self._guesses.counts(self.get_query_argument("step", ""))
        if counts is None:
            raise HTTPError(404)
        self.finish({"guesses": list(counts.items())})

    def delete(self) -> None:
        """Begin anew."""
        if not self._guesses.teacher.is_known(self.request):
            raise HTTPError(403)
        self._guesses.forget(self.get_query_argument("step", ""))
        self.set_status(204)


class TeacherLink(Light):
    """A link with what only the teacher has: the browser sees the guesses from now on, and passes without the token."""

    def initialize(self, key: bytes) -> None:
        """Take over what came with the request."""
        self._key = key

    def prepare(self) -> None:
        """Redirect to the same address; a browser keeps what follows ``#`` in it."""
        guesses: Guesses = self.settings["guesses"]
        attempt = guesses.teacher.attempt(self._key, self.settings["addresses"](self.request))
        self.set_header("Cache-Control", "no-store")
        if not attempt.right:
            self.set_status(429 if attempt.wait else 401)
            self.finish(notice(f"Too many wrong links: try again in {attempt.wait} s." if attempt.wait else WRONG_LINK))
            return
        cookies: Cookies = self.settings["cookies"]
        cookies.give(self, guesses.teacher.cookie, guesses.teacher.new_pass())
        if self.settings["access"] is not None:
            admit(self)
        self.set_header("Referrer-Policy", "no-referrer")
        self.redirect(local(self.request.uri or "/"))
