"""Analyses: spec → result, one file per question. Every file here is imported, which registers its analyses."""

from lab.analysis.analyse import analyse as analyse
from lab.discovery import import_all

import_all(__name__)
