"""The papers' checkable claims as data, each with the function that checks it.

Every file here is imported, which registers its claims.
"""

from lab.claims.claim import (
    PAPERS as PAPERS,
    CheckedClaim as CheckedClaim,
    PaperClaim as PaperClaim,
    checked as checked,
)
from lab.claims.measures import Measures as Measures
from lab.claims.stored import stored_findings as stored_findings, structure as structure
from lab.discovery import import_all

import_all(__name__)
