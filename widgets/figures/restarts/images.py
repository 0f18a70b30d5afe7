"""Adversarial images beside the clean ones, crisp, with their differences magnified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.pairing import unmarked
from lab.results import ModelRestarts, RestartsResult
from lab.results.prediction import class_in_words
from lab.results.thumbnails import sparse, stride
from widgets.figures.drawing import Narrow, figure, room
from widgets.figures.mosaic import Grid, in_words, mosaic, png
from widgets.figures.names import in_lines, mark_below
from widgets.figures.restarts.parts import WAITING, caption
from widgets.theme import DANGER, INK, MUTED, SMALL, SUCCESS, TEXT, model_colour

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

COLUMNS = 6
"""Images drawn side by side; more would be too small to see on a projector."""

LARGEST_SIDE = 96
"""Larger images are drawn with every k-th pixel only."""

_LETTERS = 14  # of a name, at most, or of a line of it
_FEW_LETTERS = 9  # the same of a name on a phone
_LETTER = 6.6  # pixels of a letter under an image
_IMAGE = 100  # pixels that an image and its difference need for the words under them
_FEW, _PHONE = 2, 332  # images beside each other on a phone, and the width of its cards
_PHONE_IMAGE = 52  # pixels of an image there beside names in lines
_BESIDE = 10 + ceil(8.4 * _LETTERS)  # pixels for a line of a name in bold letters beside its row


@dataclass(frozen=True)
class LargestLossImage:
    """What is said of one model's image of largest loss: position of the image, loss in nats, the largest change."""

    image: int
    model: str
    prediction: int
    fooled: bool
    loss: float
    largest_change: float


def largest_loss_images(result: RestartsResult) -> list[list[LargestLossImage]]:
    """A row for each model with a restart, in it the images that are drawn."""
    shown = range(min(len(result.x), COLUMNS))
    return [[_largest_loss_image(result, each, i) for i in shown] for each in _with_restarts(result)]


def adversarial_images(result: RestartsResult | None) -> go.Figure:
    """Clean images above, then for every model the image of largest loss and its difference from the clean one.

    The words under each say what the model reads instead of the label. All differences share one scale. The figure
    brings its own height, and is best with 150 px of width for every image; where it has less than it needs, fewer
    images are beside each other.
    """
    if result is None:
        return figure([{"type": "image", "visible": False}], WAITING, "images", **_bare(1, 1))
    models = _with_restarts(result)
    step = stride(result.x, LARGEST_SIDE)
    shown = min(len(result.x), COLUMNS)
    clean, *worst = [sparse(each[:shown], LARGEST_SIDE) for each in (result.x, *[model.worst for model in models])]
    limit = max((float(np.abs(each - clean).max()) for each in worst), default=0.0)
    row = min(104, 500 // shown)  # pixels of an image and a line under it
    grid = _with_lines(result, Grid(clean.shape[2], clean.shape[3], shown, 1 + len(models)), 3 / 4 * row)
    cells = mosaic(grid, clean, worst, limit)
    trace = {"type": "image", "source": png(cells), "hoverinfo": "skip", "visible": True}
    first = f"first {shown} of {len(result.x)} images" if shown < len(result.x) else ""
    thinned = f"one pixel of {step} × {step}" if step > 1 else ""
    note = caption(result, None, in_words(limit, clean.shape[1]) if worst else "", first, thinned)
    lines = 1 + note.count("<br>")
    layout = _bare(cells.shape[0], cells.shape[1], lines)
    layout["height"] = _above(lines) + ceil(row * grid.rows * grid.down / (4 / 3 * grid.height))
    few = _with_lines(result, replace(grid, beside=_FEW), _PHONE_IMAGE)
    narrow = _in_blocks(result, models, few, mosaic(few, clean, worst, limit), note)
    layout |= room(_BESIDE + _IMAGE * shown, [1], narrow=narrow if shown > _FEW else None)
    words = [_headline(note), *_every_word(result, models, grid, 3 / 4 * row)]
    return figure([trace], "", "images", annotations=words, **layout)


def _every_word(
    result: RestartsResult, models: Sequence[ModelRestarts], grid: Grid, pixels: float, letters: int = _LETTERS
) -> list[dict[str, object]]:
    heads = [*_column_heads(result, grid, letters), *_row_heads(models, grid, letters)]
    return [*heads, *_verdicts(result, grid, _room(pixels))]


def _room(pixels: float) -> int:
    """The letters that fit under an image of so many pixels and its difference, and into a part of the gap after it."""
    return int(2.2 * pixels / _LETTER)


def _with_lines(result: RestartsResult, grid: Grid, pixels: float) -> Grid:
    """The grid with two lines under each row where one of the verdicts does not fit into one."""
    room = _room(pixels)
    verdicts = [_verdict(result, each) for of_model in largest_loss_images(result) for each in of_model]
    return replace(grid, lines=1 if all(len(" ".join(each)) <= room for each in verdicts) else 2)


def _in_blocks(
    result: RestartsResult, models: Sequence[ModelRestarts], grid: Grid, cells: np.ndarray, note: str
) -> Narrow:
    """The figure as it is on a phone, beside names that have no more room than they need."""
    names = ["clean", *[unmarked(each.model) for each in models]]
    letters = max(len(unescape(line)) for name in names for line in in_lines(name, _FEW_LETTERS))
    beside, lines = 10 + ceil(8.4 * letters), 1 + note.count("<br>")
    down, across = grid.size
    height = _above(lines) + 4 + ceil((_PHONE - beside - 16) / across * down)
    axes = {"xaxis": {"range": [-0.5, across - 0.5]}, "yaxis": {"range": [down - 0.5, -0.5]}}
    words = [_headline(note) | {"xshift": -beside}, *_every_word(result, models, grid, _PHONE_IMAGE, _FEW_LETTERS)]
    layout = {**axes, "annotations": words, "margin": {"l": beside, "t": _above(lines)}, "height": height}
    return Narrow(layout, traces={0: {"source": png(cells)}})


def adversarial_images_frame(result: RestartsResult) -> pd.DataFrame:
    """One row per image and model: what the words of :func:`adversarial_images` say, with loss and largest change."""
    import pandas as pd

    rows = [
        {
            "image": result.spec.images[each.image],
            "label": result.class_names[int(result.y[each.image])],
            "model": each.model,
            "prediction": class_in_words(each.prediction, result.class_names),
            "fooled": each.fooled,
            "loss": each.loss,
            "largest_change": each.largest_change,
        }
        for of_image in zip(*largest_loss_images(result), strict=True)
        for each in of_image
    ]
    return pd.DataFrame(rows)


def _with_restarts(result: RestartsResult) -> list[ModelRestarts]:
    return [each for each in result.models if len(each.loss)]


def _largest_loss_image(result: RestartsResult, model: ModelRestarts, i: int) -> LargestLossImage:
    """What is said of the restart of largest loss, which is the one that ``worst`` keeps."""
    losses = model.final_loss[:, i]
    prediction = int(model.prediction[losses.argmax(), i])
    change = np.abs(model.worst[i] - result.x[i]).max()
    return LargestLossImage(i, model.model, prediction, prediction != int(result.y[i]), losses.max(), change)


def _words(text: str, y: float, x: float, colour: str = INK, **place: object) -> dict[str, object]:
    """Text at a place of the mosaic, in its pixels, whose middles have whole coordinates."""
    base = {"text": text, "x": x - 0.5, "y": y - 0.5, "xref": "x", "yref": "y", "showarrow": False, "borderpad": 0}
    font = {"size": SMALL, "color": colour}
    return base | {"xanchor": "left", "yanchor": "top", "align": "left", "font": font} | place


def _column_heads(result: RestartsResult, grid: Grid, letters: int) -> list[dict[str, object]]:
    heads = []
    for i in range(grid.images):
        text = f"<b>label {_short(result.class_names[int(result.y[i])], letters)}</b><br>image {result.spec.images[i]}"
        heads.append(_words(text, *grid.corner(0, i), yanchor="bottom"))
        if grid.rows > 1:
            y, x = grid.corner(0, i, difference=True)
            heads.append(_words("difference", y + grid.height, x + grid.width / 2, MUTED, xanchor="center"))
    return heads


def _row_heads(models: Sequence[ModelRestarts], grid: Grid, letters: int) -> list[dict[str, object]]:
    names = [("clean", INK), *[(each.model, model_colour(each.model)) for each in models]]
    left = {"xanchor": "right", "yanchor": "middle", "xshift": -10}
    return [
        _words(
            f"<b>{'<br>'.join(in_lines(unmarked(name), letters))}</b>{mark_below(name)}",
            grid.corner(row, start)[0] + grid.height / 2,
            0,
            colour,
            **left,
        )
        for start in grid.starts
        for row, (name, colour) in enumerate(names)
    ]


def _verdicts(result: RestartsResult, grid: Grid, room: int) -> list[dict[str, object]]:
    """Under every adversarial image: label → prediction, and a word, so that colour alone tells nothing."""
    found = []
    for row, of_model in enumerate(largest_loss_images(result), start=1):
        for each in of_model:
            label, change, word = _verdict(result, each)
            # Long class names leave room for one only; the label also heads the column.
            words = f"{label} {change}" if len(f"{label} {change}") <= room else change
            end = "<br>" if grid.lines > 1 else " "
            text = f"{escape(words)}{end}" + (f"<b>{word}</b>" if each.fooled else word)
            y, x = grid.corner(row, each.image)
            found.append(_words(text, y + grid.height, x, DANGER if each.fooled else SUCCESS))
    return found


def _verdict(result: RestartsResult, image: LargestLossImage) -> tuple[str, str, str]:
    """What becomes of an image: its label, "→ prediction", and whether that is the label, in a word."""
    label = _cut(result.class_names[int(result.y[image.image])])
    change = f"→ {_cut(class_in_words(image.prediction, result.class_names))}"
    return label, change, "fooled" if image.fooled else "withstands"


def _short(name: str, most: int) -> str:
    return escape(_cut(name, most))


def _cut(name: str, most: int = _LETTERS) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _headline(text: str) -> dict[str, object]:
    """The caption, above everything: a picture has no legend to carry it."""
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 38}
    return {"text": text, "showarrow": False, "align": "left", "font": {"size": TEXT - 1, "color": MUTED}} | place


def _bare(height: int, width: int, lines: int = 1) -> dict[str, object]:
    """A picture's axes: square pixels, the first line on top, nothing drawn; room for a caption of some lines."""
    hidden = {"visible": False, "fixedrange": True, "constrain": "domain"}
    return {
        "xaxis": hidden | {"range": [-0.5, width - 0.5], "constraintoward": "left"},
        "yaxis": hidden | {"range": [height - 0.5, -0.5], "scaleanchor": "x", "constraintoward": "top"},
        "showlegend": False,
        "margin": {"l": _BESIDE, "r": 16, "t": _above(lines), "b": 4},
    }


def _above(lines: int) -> int:
    """Pixels for a caption of some lines."""
    return 48 + 18 * lines
