"""What needs no kernel, and where else it may be shown."""

from __future__ import annotations

from collections.abc import Collection

from tornado.web import RequestHandler

from lab.server.notices import notice

_REFUSALS = {404: "The lab has nothing at this address.", 405: "This address of the lab takes no such request."}
_MISPLACED = "The lab has nothing at this address: it is served under {path}, which --base-url sets."


class Refusing(RequestHandler):
    """Errors as pages of the lab's own, which need nothing; Jupyter's and Voilà's need a request begun in order."""

    def write_error(self, status_code: int, **_: object) -> None:
        """Say in a sentence what is refused."""
        usual = "The lab cannot respond to this request." if status_code >= 500 else "The lab refuses this request."
        self.set_header("Content-Type", "text/html; charset=utf-8")
        path = self.settings["lab_path"]
        misplaced = status_code == 404 and not self.request.path.startswith(path)
        self.finish(notice(_MISPLACED.format(path=path) if misplaced else _REFUSALS.get(status_code, usual)))


class Light(Refusing):
    """A request that is handled without a kernel, under the same headers as the page."""

    def set_default_headers(self) -> None:
        """Let no other site show it, and no browser guess what it is."""
        self.set_header("X-Content-Type-Options", "nosniff")
        for name, value in self.settings["headers"].items():
            self.set_header(name, value)


def framing(origins: Collection[str]) -> dict[str, str]:
    """The headers that say which sites may show the lab inside their pages."""
    return {"Content-Security-Policy": " ".join(("frame-ancestors", "'self'", *origins))}
