"""``python -m lab``: the command line."""

import os
import sys


def main() -> int:
    """Run the command that was typed; Ctrl-C ends it without a word, also while its modules are still read."""
    try:
        try:
            import threading

            from lab.cli import leave_stdout, main as run
            from lab.cli.leftovers import expect_end
        except Exception as error:  # a package that is missing, or does not like its own settings, as Dask's
            if os.environ.get("LAB_DEBUG"):
                raise
            from lab.errors import LONGEST, in_words, one_line

            if isinstance(error.__cause__, ImportError):  # NumPy's own words are a page of advice
                error = error.__cause__
            sentence = f"The lab cannot start ({in_words(error)}): correct what that names, or install the lab again."
            print(one_line(sentence, LONGEST), file=sys.stderr)
            return 2
        before = threading.enumerate()
        code = run()
        leave_stdout()
        expect_end(code, before)
        return code
    except KeyboardInterrupt:
        return 130


def _look_here_last() -> None:
    """Take no ``torch.py`` or ``random.py`` of the folder where the user stands for the real one, as ``-m`` would."""
    if not sys.flags.safe_path:
        sys.path.append(sys.path.pop(0))


if __name__ == "__main__":
    _look_here_last()
    sys.exit(main())
