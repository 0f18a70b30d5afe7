"""Analyses: spec → result, one file per question. Every file here is imported, which registers its analyses."""

from importlib import import_module
from pkgutil import iter_modules

from lab.analysis.analyse import analyse as analyse

for _each in iter_modules(__path__):
    import_module(f"{__name__}.{_each.name}")
