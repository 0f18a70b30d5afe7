"""Traits that a browser may set: those that say ``heard``, and nothing else.

ipywidgets lets a browser set every synced trait of every widget: the rows of a list, a choice's options, its limit.
Here a trait that is only shown belongs to the server. One that is tagged ``heard`` is a visitor's word: it admits
anything, and is judged by whoever reads it.
"""

import json
from typing import Any, NotRequired, TypedDict

import ipywidgets as ipw

from widgets.faults import said_on_page
from widgets.together import give_up, is_put_off, put_off

_LONGEST = 100_000
"""Characters of a value as JSON, far more than any page of ours sends."""


class CommMessage(TypedDict):
    """What is read of a message of Jupyter's to a widget; ``content`` is a visitor's word."""

    content: dict[str, Any]
    metadata: NotRequired[dict[str, object]]


class Guarded(ipw.Widget):
    """A widget that ignores what a browser of ours would never send, and says on the page what went wrong.

    ipywidgets itself sends a traceback, with the server's paths, to the visitor.
    """

    address = ""
    """The network address that the last message came from, which the server writes into each; empty when unknown."""

    @property
    def closed(self) -> bool:
        """True of a widget that has no other side in the browser, and waits for none."""
        return self.comm is None and not is_put_off(self)

    def open(self) -> None:
        """Send it to the browser: now, or with what is built :func:`~widgets.together.together` with it."""
        if not put_off(self):
            super().open()

    def close(self) -> None:
        """Take it out of the browser."""
        give_up(self)
        super().close()

    def set_state(self, sync_data: dict[str, object]) -> None:
        """Take over what the browser set of the traits that it may set."""
        super().set_state({name: value for name, value in sync_data.items() if self._hears(name) and _sound(value)})

    def _handle_msg(self, msg: CommMessage) -> None:
        with said_on_page():
            if not _well_formed(msg):
                return
            data, said = msg["content"]["data"], msg.get("metadata", {}).get("address")
            self.address = said if isinstance(said, str) else ""
            if data["method"] == "update":
                self.set_state(data["state"])
            elif data["method"] == "request_state":
                self.send_state()
            else:
                for each in self._msg_callbacks.callbacks:
                    each(self, data.get("content"), [])

    def _hears(self, name: str) -> bool:
        return bool(self.has_trait(name) and self.trait_metadata(name, "heard"))


def _well_formed(msg: CommMessage) -> bool:
    """Return whether a message is built like those of our pages, which send no buffers."""
    data = msg["content"].get("data")
    if not isinstance(data, dict):
        return False
    if data.get("method") == "update":
        return isinstance(data.get("state"), dict) and not data.get("buffer_paths")
    return data.get("method") == "request_state" or (data.get("method") == "custom" and _sound(data.get("content")))


def _sound(value: object) -> bool:
    """Return whether a value could be sent back: plain JSON of some length, in characters that can be written."""
    try:
        return len(json.dumps(value, ensure_ascii=False).encode()) <= _LONGEST
    except (TypeError, ValueError, RecursionError):
        return False
