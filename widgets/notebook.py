"""The pages in a notebook, about the models and images that it holds."""

from collections.abc import Mapping
from functools import cache

import lab
from lab.catalogue import find_data, find_model
from lab.engine import LocalEngine
from lab.errors import LabError, no_such
from lab.specs import DataSpec, ModelSpec, RandomSigns
from widgets.dashboards.app import App, pages
from widgets.parts.links import Link


def show(page: str = "masking", model: object = None, data: object = None, **settings: object) -> App:
    """The lab in a notebook, open at a page by the name that its address has, with these models and test images.

    ``model`` is a module that takes images in [0, 1] and returns logits, the name of a listed model, a spec, several of
    these, or modules by the names to call them. ``data`` is a pair (x, y), the name of a data set, or a spec. Other
    ``settings`` are those of the page, such as ``ball=Linf(0.1)``. Models and data are chosen on every other page, too.
    All is computed in this process, so that the notebook's kernel takes the load of it. Raises
    :class:`lab.errors.LabError` for an unknown page or model, and as ``lab.live`` and ``lab.live_data`` do.
    """
    names = [entry.name for entry in pages()]
    if page not in names:
        raise LabError(no_such("page", page, names))
    if model is not None:
        models = _models(model)
        settings = _second_axis(models) | {"models": models} | settings
    if data is not None:
        settings["data"] = _data(data)
    app = App(_engine())
    app.follow(Link("", page, settings))
    return app


@cache
def _engine() -> LocalEngine:
    """One for all pages of a notebook."""
    return LocalEngine()


def _models(model: object) -> tuple[ModelSpec, ...]:
    if isinstance(model, Mapping):
        return tuple(lab.live(module, name) for name, module in model.items())
    return tuple(map(_model, model if isinstance(model, list | tuple) else (model,)))


def _second_axis(models: tuple[ModelSpec, ...]) -> dict[str, object]:
    """The loss surface's second axis, whose default is the gradient of a listed model, which may take other images."""
    return {"source": models[1]} if len(models) > 1 else {"source": models[0], "across": RandomSigns()}


def _model(model: object) -> ModelSpec:
    if isinstance(model, str):
        return find_model(model)
    found: ModelSpec = model if isinstance(model, ModelSpec) else lab.live(model)
    return found


def _data(data: object) -> DataSpec:
    if isinstance(data, str):
        return find_data(data)
    if isinstance(data, DataSpec):
        return data
    if not isinstance(data, list | tuple) or len(data) != 2:
        raise LabError("data should be a pair (images, labels), the name of a data set, or a spec such as Digits().")
    found: DataSpec = lab.live_data(*data)
    return found
