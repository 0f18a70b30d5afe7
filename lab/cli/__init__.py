"""The command line: ``python -m lab``. One file per command; no PyTorch until a command computes."""

from lab.cli.main import main as main
from lab.cli.output import leave_stdout as leave_stdout
