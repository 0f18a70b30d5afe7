"""All exhibits, in the order of the papers."""

from lab.errors import LabError, no_such
from lab.exhibits import (
    kurakin_capacity,
    kurakin_methods,
    kurakin_networks as kurakin_networks,  # by these modules networks become known
    kurakin_training,
    kurakin_transfer,
    madry_networks as madry_networks,
    madry_restarts,
    madry_tables,
    madry_training,
    na_black_box,
    na_cascade,
    na_mnist,
    na_networks as na_networks,
    tramer_mnist,
    tramer_networks as tramer_networks,
    tramer_pictures,
    tramer_transfer,
)
from lab.exhibits.exhibit import PAPERS, Exhibit

_FILES = (
    kurakin_training,
    kurakin_transfer,
    kurakin_methods,
    kurakin_capacity,
    tramer_transfer,
    tramer_mnist,
    tramer_pictures,
    na_mnist,
    na_black_box,
    na_cascade,
    madry_tables,
    madry_restarts,
    madry_training,
)

_ORDER = list(PAPERS)

EXHIBITS: tuple[Exhibit, ...] = tuple(
    sorted(
        (each for file in _FILES for each in file.EXHIBITS),
        key=lambda each: (_ORDER.index(each.paper), each.kind == "figure", each.number),
    )
)
"""Every exhibit: paper by paper, its tables before its figures."""


def find(name: str) -> Exhibit:
    """The exhibit of that name, "tramer.table7", or short name, T7 or TF2, also written T-F2.

    Raises :class:`LabError` naming those that come close.
    """
    plain = name.lower().replace("-", "").replace(" ", "")
    for each in EXHIBITS:
        if plain in (each.name, each.short.lower()):
            return each
    raise LabError(no_such("exhibit", name, [each.short for each in EXHIBITS]))


def of_paper(letter: str | None) -> tuple[Exhibit, ...]:
    """The exhibits of one paper, by its letter or its first author's name; all of them for None.

    Raises :class:`LabError` for an unknown paper.
    """
    if letter is None:
        return EXHIBITS
    for key, (known, _) in PAPERS.items():
        if letter.lower() in (key, known.lower()):
            return tuple(each for each in EXHIBITS if each.paper == key)
    known = " or ".join(f"{letter} ({key})" for key, (letter, _) in PAPERS.items())
    raise LabError(f"There is no paper called {letter!r:.20}: name {known}.")
