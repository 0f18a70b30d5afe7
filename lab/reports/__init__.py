"""Reports of an evaluation: pure functions from a result to the text of a file, without PyTorch."""

from lab.reports.files import FORMATS, contents, require_format
from lab.reports.provenance import Provenance, provenance
from lab.reports.records import record
from lab.reports.report import Report

__all__ = ["FORMATS", "Provenance", "Report", "contents", "provenance", "record", "require_format"]
