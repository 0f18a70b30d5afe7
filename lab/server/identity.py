"""Visitors told from one another by a signed cookie, so that nobody claims another one's place."""

from __future__ import annotations

import hmac
import secrets

COOKIE = "lab_visitor"


class Identities:
    """Numbers given to browsers, which only this process can sign."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

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
