"""The drawer that holds a page's settings: the buttons that open and close it."""

from pathlib import Path

import traitlets as t

from widgets.plain import Plain


class DrawerButton(Plain):
    """Opens and closes the drawer of the page that it stands on, as its key does; ``inside``: closes it from within.

    Whether the drawer is open is the browser's to know. Where the page is wide the drawer stands beside the figures,
    open or closed on all pages of a visit; elsewhere it lies over them while it is needed.
    """

    _esm = Path(__file__).with_name("drawer.js")

    inside = t.Bool(False).tag(sync=True)

    def __init__(self, inside: bool = False) -> None:
        super().__init__(inside=inside)
        self.add_class("lab-drawer-close" if inside else "lab-drawer-open")
