"""From what one page shows to the page that explains it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import traitlets as t

from lab.specs import Spec
from widgets.plain import Plain


@dataclass(frozen=True)
class Link:
    """A page and the fields of its spec that the link sets; ``label`` is on the button.

    The page is named as in the address, or by the kind of spec that it asks for.
    """

    label: str
    page: str | type[Spec]
    settings: Mapping[str, object] = field(default_factory=dict)


Follow = Callable[[Link], None]


class LinkBar(Plain):
    """A button for each link. Pressed, it calls ``follow(link)``; without such a handler no button is shown.

    ``words`` is what is said above the buttons, also without them.
    """

    _esm = Path(__file__).with_name("links.js")
    _css = Path(__file__).with_name("links.css")

    labels = t.List(t.Unicode()).tag(sync=True)
    words = t.Unicode().tag(sync=True)

    def __init__(self, follow: Follow | None = None) -> None:
        super().__init__()
        self.add_class("lab-links")
        self.follow = follow
        self.links: tuple[Link, ...] = ()
        self.on_msg(self._pressed)

    def lead(self, follow: Follow) -> None:
        """Give the links a handler, and so show their buttons."""
        self.follow = follow
        self.offer(self.links)

    def offer(self, links: Sequence[Link]) -> None:
        """Offer these links instead of the present ones."""
        self.links = tuple(links)
        self.labels = [link.label for link in links] if self.follow else []

    def _pressed(self, _: object, content: object, __: object) -> None:
        if self.follow is not None and type(content) is int and 0 <= content < len(self.links):
            self.follow(self.links[content])
