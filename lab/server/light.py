"""What needs no kernel, and where else it may be shown."""

from __future__ import annotations

from collections.abc import Collection

from tornado.web import RequestHandler


class Light(RequestHandler):
    """A request that is handled without a kernel, under the same headers as the page."""

    def set_default_headers(self) -> None:
        """Let no other site show it, and no browser guess what it is."""
        self.set_header("X-Content-Type-Options", "nosniff")
        for name, value in self.settings["headers"].items():
            self.set_header(name, value)


def framing(origins: Collection[str]) -> dict[str, str]:
    """The headers that say which sites may show the lab inside their pages."""
    return {"Content-Security-Policy": " ".join(("frame-ancestors", "'self'", *origins))}
