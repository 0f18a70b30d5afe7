"""Widgets whose look is the style sheet's alone.

Every ipywidget carries a layout, a model of its own in the browser; ours share one, which halves what a page sends.
"""

from collections.abc import Iterable
from typing import TypeVar

import anywidget
import ipywidgets as ipw
import traitlets as t

from widgets.guarded import Guarded

W = TypeVar("W", bound=Guarded)

_shared: dict[type[Guarded], Guarded] = {}


def shared(kind: type[W]) -> W:
    """The one widget of that kind in this kernel; a new one if it was closed."""
    if kind not in _shared or _shared[kind].closed:
        _shared[kind] = kind()
    found: W = _shared[kind]
    return found


class PlainLayout(Guarded, ipw.Layout):
    """A layout that leaves everything to the style sheet."""


class Plain(Guarded, anywidget.AnyWidget):
    """A widget with a browser's side of its own. Its traits tagged ``heard`` are the ones that the browser may set.

    anywidget makes a class for each object, to hold the traits of its browser's side: a third of what a page of a
    hundred controls takes to build. Here its class has them.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {"_anywidget_id": f"{cls.__module__}.{cls.__name__}"}
        own |= {name: str(getattr(cls, name)) for name in ("_esm", "_css") if name in vars(cls)}
        for name, value in own.items():
            trait = t.Unicode(value).tag(sync=True)
            setattr(cls, name, trait)
            trait.class_init(cls, name)

    def add_traits(self, **traits: t.TraitType[object, object]) -> None:
        """Add traits that the class does not have."""
        if missing := {name: trait for name, trait in traits.items() if not self.has_trait(name)}:
            super().add_traits(**missing)

    @t.default("layout")
    def _layout(self) -> ipw.Layout:
        return shared(PlainLayout)


class Box(Guarded, ipw.Box):
    """Widgets in an element of some style classes."""

    def __init__(self, children: Iterable[ipw.Widget], *classes: str) -> None:
        super().__init__(list(children))
        for name in classes:
            self.add_class(name)

    @t.default("layout")
    def _layout(self) -> ipw.Layout:
        return shared(PlainLayout)


class Words(Plain):
    """A heading."""

    _esm = """
    export default {
      render({ model, el }) {
        el.classList.add("lab-words");
        el.append(Object.assign(document.createElement("h2"), { textContent: model.get("heading") }));
      },
    };
    """

    heading = t.Unicode().tag(sync=True)
