"""Visitors told from one another by a signed cookie, so that nobody claims another one's place."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tornado.web import RequestHandler

COOKIE = "lab_visitor"


class Identities:
    """Numbers given to browsers, which only who holds the ``key`` can sign: without one, this process."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def new(self) -> str:
        """Return the value of the cookie for a browser that has none."""
        number = secrets.token_hex(16)
        return f"{number}.{self._signature(number)}"

    def known(self, cookie: str) -> str | None:
        """Return the number in a cookie, None when it was not signed here."""
        number, _, signature = cookie.partition(".")
        sound = hmac.compare_digest(signature.encode(), self._signature(number).encode())
        return number if sound else None

    def _signature(self, number: str) -> str:
        return hmac.new(self._key, number.encode(), "sha256").hexdigest()


def visitor_of(handler: RequestHandler) -> str | None:
    """The visitor's number that this server has given his browser, None when it sends none."""
    identities: Identities = handler.settings["identities"]
    return identities.known(handler.get_cookie(COOKIE) or "")


@dataclass(frozen=True)
class Cookies:
    """How cookies are given: for the lab's ``path``, for no script, and for no request that another site makes.

    ``framed``: unless the lab is shown inside another site's pages. A browser then takes a cookie over HTTPS only, and
    keeps it apart for each site that shows the lab.
    """

    path: str
    framed: bool = False

    def give(self, handler: RequestHandler, name: str, value: str) -> None:
        """Have the browser keep a cookie until it is closed."""
        options = ["HttpOnly", f"Path={self.path}"]
        if self.framed:
            options += ["SameSite=None", "Secure", "Partitioned"]
        else:
            options += ["SameSite=Lax", *(["Secure"] if _is_encrypted(handler) else [])]
        handler.add_header("Set-Cookie", "; ".join((f"{name}={value}", *options)))


def _is_encrypted(handler: RequestHandler) -> bool:
    """Return whether the browser speaks HTTPS, to this server or to the proxy before it.

    Whoever claims it falsely has only the own cookie kept back.
    """
    forwarded = handler.request.headers.get("X-Forwarded-Proto", "")
    return "https" in (handler.request.protocol, forwarded.partition(",")[0].strip().lower())
