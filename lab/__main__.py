"""``python -m lab``: the command line."""

import sys


def main() -> int:
    """Run the command that was typed; Ctrl-C ends it without a word, also while its modules are still read."""
    try:
        from lab.cli import leave_stdout, main as run

        code = run()
        leave_stdout()
        return code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
