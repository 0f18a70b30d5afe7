"""Transfer matrices as tables with colours. Kurakin et al. 2017, Tables 4 and 6."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lab.results import TransferResult
from lab.results.transfer import TRANSFER
from lab.specs.attacks import attack_titles
from lab.specs.threat import threat
from widgets.paper.sheet import in_print, scale, sheet
from widgets.theme import SEQUENTIAL, words_on


def transfer_table(result: TransferResult, columns: int = 1, measure: str = TRANSFER, k: int = 1) -> Figure:
    """A table for each attack that is computed, at the matrix's own eps: sources down, targets across, in %.

    A frame marks the white boxes; an empty cell is of no image.
    """
    done = [(name, result.at(each)) for name, each in zip(_names(result), result.spec.attacks, strict=True)]
    found = [(name, shown) for name, shown in done if shown is not None]
    with in_print():
        figure = sheet(columns, 0.9 + 0.32 * len(result.models) * (1 if columns > 1 else len(found)))
        shape = (1, len(found)) if columns > 1 else (len(found), 1)
        panels = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False).ravel()
        for panel, (name, shown) in zip(panels, found, strict=True):
            _table(panel, result.rates(shown, measure, k), result.models)
            panel.set_title(name)
        figure.supylabel("source", fontsize="medium")
        figure.supxlabel(f"target: top-{k} {measure} (%), {threat(result.spec.ball)}", fontsize="medium")
    return figure


def _names(result: TransferResult) -> list[str]:
    return attack_titles(result.spec.attacks)


def _table(panel: Axes, rates: np.ndarray, models: tuple[str, ...]) -> None:
    panel.imshow(rates, cmap=scale(SEQUENTIAL), vmin=0, vmax=1, aspect="auto")
    for (row, column), rate in np.ndenumerate(rates):
        if not np.isnan(rate):
            panel.text(column, row, f"{100 * rate:.0f}", ha="center", va="center", color=words_on(rate))
    for i, own in enumerate(np.diagonal(rates)):
        panel.add_patch(Rectangle((i - 0.45, i - 0.4), 0.9, 0.8, fill=False, edgecolor=words_on(own), linewidth=1))
    panel.set_xticks(range(len(models)), models, rotation=30, ha="right")
    panel.set_yticks(range(len(models)), models)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
