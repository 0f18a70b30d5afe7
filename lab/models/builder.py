"""The user's function that builds a custom model: imported, called, and every failure of it said in a sentence."""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable

from torch import nn

from lab.errors import ModelError
from lab.models.aside import as_model_error, users_code

_PATH = re.compile(r"[/\\\\]|^\.|\.py$")  # what a name of a file has, and a module's has not


def call_builder(builder: str) -> nn.Module:
    """The model that ``package.module:function`` returns, imported from the working directory too.

    What it prints goes to the error stream. Raises :class:`ModelError` for whatever it raises, or when it exits.
    """
    module_name, _, function_name = builder.partition(":")
    if not module_name or not function_name:
        raise ModelError(f"'{builder}' is not a builder: write it as package.module:function.")
    if _PATH.search(module_name):
        raise ModelError(
            f"'{builder:.120}' does not name a module: write package.module:function, such as nets:build for the "
            "function build in nets.py, without a path, and start from its folder."
        )
    function = _imported(module_name, function_name)
    with as_model_error(f"{builder}() raised ", _remedy), users_code():
        model = function()
    if inspect.iscoroutine(model):
        model.close()  # else Python says too that it was never awaited
    if not isinstance(model, nn.Module):
        raise ModelError(f"{builder}() returned {_kind(model)}: it must return a torch.nn.Module.")
    return model


def _remedy(error: BaseException) -> str:
    how = "it is called without arguments" if isinstance(error, TypeError) else "call it in Python to see where"
    return f": {how}."


def _imported(module_name: str, function_name: str) -> Callable[[], object]:
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    importlib.invalidate_caches()
    failed = f"The module '{module_name}' cannot be imported ("

    def remedy(error: BaseException) -> str:
        absent = isinstance(error, ModuleNotFoundError)
        how = "start from the folder that holds it, or install it" if absent else "import it in Python to see where"
        return f"): {how}."

    with as_model_error(failed, remedy, passed=(KeyboardInterrupt,)), users_code():
        module = importlib.import_module(module_name)
    function = getattr(module, function_name, None)
    if isinstance(function, nn.Module):
        raise ModelError(f"{module_name}:{function_name} is a model itself: name a function that returns it.")
    if not callable(function):
        wrong = "has no" if function is None else f"has {_kind(function)} as"
        raise ModelError(f"{module.__file__} {wrong} '{function_name}': define a function that returns the model.")
    return function


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"
