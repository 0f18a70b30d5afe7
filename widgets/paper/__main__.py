"""``python -m widgets.paper RESULT.npz FIGURE.pdf``: a figure for print of a result that was kept as a file."""

import argparse
import sys
from pathlib import Path

from lab.errors import LabError
from lab.results.result import unpack
from widgets.paper import paper_figure, save


def main() -> int:
    """Read the result, draw it, save it. Returns 0, or 2 after a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m widgets.paper", description="Draw a result for print.")
    parser.add_argument("result", type=Path, help=".npz file: a page's 'Numbers', or 'python -m lab analyse --npz'")
    parser.add_argument("figure", type=Path, help=".pdf, .svg or .png file to write")
    parser.add_argument("--columns", type=int, choices=(1, 2), default=1, help="width in columns of a page of two")
    options = parser.parse_args()
    try:
        save(paper_figure(unpack(options.result.read_bytes()), options.columns), options.figure)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
