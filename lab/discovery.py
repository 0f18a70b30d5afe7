"""Packages that list none of their files: each is imported, so that what it defines or registers is there."""

import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def import_all(package: str) -> list[ModuleType]:
    """Import every module directly in an imported package, which may be the one that calls this, and return them."""
    return [import_module(f"{package}.{each.name}") for each in iter_modules(sys.modules[package].__path__)]
