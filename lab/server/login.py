"""The page before a lab with a token. It takes no kernel."""

from __future__ import annotations

from collections import Counter

from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from lab.server.access import Access, Attempt, token_of_header
from lab.server.identity import Cookies
from lab.server.light import Light
from lab.server.navigation import opens_page
from lab.server.notices import login

WRONG_TOKEN, WRONG_LINK = "That token is not valid.", "The token in that link is not valid."
NO_TOKEN = "This lab needs a token: send it as 'Authorization: Bearer TOKEN', or open the lab with a browser."


class Locked(Light):
    """Any address of the lab for a browser that has not told the token: a form for it, or one sentence."""

    def initialize(self, message: str = "", wait: int = 0) -> None:
        """Take over why a token that came with the request was of no use."""
        self._message = message
        self._wait = wait

    def prepare(self) -> None:
        """Refuse, whatever is requested."""
        lock(self, self._message, self._wait, self.request.uri or "/")


class TokenLink(Light):
    """A link with the right token: the browser is given its cookie, and the address without the token."""

    def prepare(self) -> None:
        """Redirect to the same address; a browser keeps what follows ``#`` in it."""
        admit(self)
        self.set_header("Referrer-Policy", "no-referrer")
        self.redirect(local(self.request.uri or "/"))


class LoginHandler(Light):
    """``POST /login``: the form with a token; ``GET /login``: the form."""

    def get(self) -> None:
        """Show the form, unless the browser needs none."""
        access: Access = self.settings["access"]
        if access.is_known(self.request):
            self.redirect(self.settings["lab_path"])
        else:
            lock(self, "", 0, self.settings["lab_path"])

    def post(self) -> None:
        """Examine a token and go where the form came from."""
        given = self.request.body_arguments.get("token", [b""])[-1]
        came_from = self.request.body_arguments.get("next", [b""])[-1]
        address = _address_below(self.settings["lab_path"], came_from)
        attempt = attempted(self.application, self.request, given)
        if attempt.right:
            admit(self)
            self.redirect(address, status=303)
        else:
            lock(self, message_of(attempt, WRONG_TOKEN), attempt.wait, address)


def barrier(
    application: Application, request: HTTPServerRequest, given: bytes | None
) -> tuple[type[Light], dict[str, object]] | None:
    """Return what handles a request instead of the handler of its address; None for one that may pass.

    ``given`` is the token that its address had.
    """
    access: Access | None = application.settings["access"]
    if access is None or request.path in application.settings["unlocked"]:
        return None
    known, refused = access.is_known(request), None
    if not known and (header := token_of_header(request)) is not None:
        refused = attempted(application, request, header)
        known = refused.right
    if given is None or request.method != "GET":
        return None if known else _locked(refused, WRONG_TOKEN)
    if not known:
        refused = attempted(application, request, given)
    return (TokenLink, {}) if known or (refused and refused.right) else _locked(refused, WRONG_LINK)


def attempted(application: Application, request: HTTPServerRequest, given: bytes) -> Attempt:
    """Examine a token, and count it when it was of no use."""
    access: Access = application.settings["access"]
    attempt = access.attempt(given, application.settings["addresses"](request))
    refusals: Counter[str] = application.settings["refusals"]
    refusals["token"] += not attempt.right
    return attempt


def message_of(attempt: Attempt, wrong: str) -> str:
    """What a browser is told whose token was of no use."""
    if attempt.wait:
        return f"Too many wrong tokens came from your network address: try again in {attempt.wait} s."
    return wrong


def admit(handler: Light) -> None:
    """Give a browser the cookie of those who know the token."""
    access: Access = handler.settings["access"]
    cookies: Cookies = handler.settings["cookies"]
    cookies.give(handler, access.cookie, access.new_pass())
    handler.set_header("Cache-Control", "no-store")


def lock(handler: Light, message: str, wait: int, address: str) -> None:
    """Refuse: show the form to a browser that opens a page or sends the form, and a sentence to all others."""
    handler.set_status(429 if wait else 401)
    handler.set_header("Cache-Control", "no-store")
    if wait:
        handler.set_header("Retry-After", str(wait))
    else:
        handler.set_header("WWW-Authenticate", "Bearer")
    path = handler.settings["lab_path"]
    if isinstance(handler, LoginHandler) or opens_page(handler.request.headers, handler.settings["framed_by"]):
        handler.finish(login(f"{path}login", local(address), message))
    else:
        handler.set_header("Content-Type", "text/plain; charset=utf-8")
        handler.finish(f"{message or NO_TOKEN}\n")


def _locked(refused: Attempt | None, wrong: str) -> tuple[type[Light], dict[str, object]]:
    return Locked, {"message": message_of(refused, wrong), "wait": refused.wait} if refused else {}


def local(address: str) -> str:
    """An address of this server, also where a browser would take its beginning for the name of another one."""
    return "/" + address.lstrip("/\\")


def _address_below(path: str, came_from: bytes) -> str:
    """The address that a form came from, if it is one of the lab's; else that of the lab."""
    try:
        address = came_from.decode("ascii")
    except UnicodeDecodeError:
        return path
    below = address.startswith(path) and address.isprintable() and not any(each in address for each in '\\ "<>')
    return local(address) if below else path
