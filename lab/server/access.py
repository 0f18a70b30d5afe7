"""Access to a lab with a token: told once, in a form, a link or a header, and then known by a cookie signed here."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from lab.errors import LabError
from lab.server.allowance import Allowances
from lab.server.identity import Identities

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

TOKEN, COOKIE_KEY = "LAB_TOKEN", "LAB_COOKIE_KEY"
"""Environment variables of the token, and of what this server signs with also after Voilà was restarted."""

LEAST_CHARACTERS, MOST_CHARACTERS = 8, 200
WRONG_AT_ONCE = 30
"""Wrong tokens of one network address before it has to wait: behind one may be a class that types."""
SECONDS_A_TOKEN = 5.0

_AUTHORIZATION = re.compile(r"(?:token|bearer)\s+(.+)", re.IGNORECASE | re.DOTALL)


def check_token(token: str) -> None:
    """Raise :class:`LabError` for a token that is too short to be one, or that cannot be typed."""
    if not LEAST_CHARACTERS <= len(token) <= MOST_CHARACTERS:
        raise LabError(f"The token needs {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters.")
    if not token.isprintable() or token != token.strip():
        raise LabError("The token cannot begin or end with a space or contain a control character.")


@dataclass(frozen=True)
class Attempt:
    """What became of a token that a browser sent: whether it was right, else for how many seconds none is heard."""

    right: bool
    wait: int = 0


class Access:
    """Who may pass: who knows the ``token``, and whose cookie says so, signed with ``key`` for this very token."""

    def __init__(self, token: str, key: bytes, cookie: str) -> None:
        self.cookie = cookie
        self._digest = _digest(token.encode())
        self._passes = Identities(hmac.digest(key, token.encode(), "sha256"))
        self._left = Allowances(1 / SECONDS_A_TOKEN, WRONG_AT_ONCE)

    def is_known(self, request: HTTPServerRequest) -> bool:
        """Return whether the browser has told the token before."""
        cookie = request.cookies.get(self.cookie)
        return cookie is not None and self._passes.known(cookie.value) is not None

    def new_pass(self) -> str:
        """Return the value of the cookie for a browser that knows the token."""
        return self._passes.new()

    def attempt(self, given: bytes, address: str) -> Attempt:
        """Compare a token, unless that network address has sent too many wrong ones."""
        allowance = self._left.of(address)
        if allowance.wait(1) > 0:
            return Attempt(right=False, wait=int(allowance.wait(1)) + 1)
        if hmac.compare_digest(_digest(given.strip()), self._digest):
            return Attempt(right=True)
        allowance.take(1)
        return Attempt(right=False)


def _digest(token: bytes) -> bytes:
    """All digests have one length, so that the time of a comparison does not tell the token's."""
    return hashlib.sha256(token).digest()


def take_token(request: HTTPServerRequest, name: str = "token") -> bytes | None:
    """Take the token out of a link, so that neither a log nor what handles the request sees it; None without one."""
    found = request.query_arguments.pop(name, None)
    request.arguments.pop(name, None)
    if found is None:
        return None
    kept = [each for each in request.query.split("&") if _name(each) != name.encode()]
    request.query = "&".join(kept)
    request.uri = request.path + (f"?{request.query}" if request.query else "")
    return found[-1]


def _name(argument: str) -> bytes:
    return unquote_to_bytes(argument.partition("=")[0].replace("+", " "))


def token_of_header(request: HTTPServerRequest) -> bytes | None:
    """The token that a program sends as ``Authorization: Bearer TOKEN``."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    return found[1].encode("latin-1", "replace") if found else None
