"""The papers' checkable claims as data, each with the function that checks it.

Every file here is imported, which registers its claims.
"""

from importlib import import_module
from pkgutil import iter_modules

from lab.claims.claim import (
    PAPERS as PAPERS,
    CheckedClaim as CheckedClaim,
    PaperClaim as PaperClaim,
    checked as checked,
)
from lab.claims.measures import Measures as Measures
from lab.claims.stored import stored_findings as stored_findings, structure as structure

for _each in iter_modules(__path__):
    import_module(f"{__name__}.{_each.name}")
