"""Reports of an evaluation: pure functions from a result to the text of a file, without PyTorch."""

from lab.reports.files import FORMATS as FORMATS, contents as contents, require_format as require_format
from lab.reports.provenance import Provenance as Provenance, provenance as provenance
from lab.reports.records import record as record
from lab.reports.report import Report as Report
