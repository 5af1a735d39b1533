"""`python -m mkexe`, and where the command `mkexe` begins."""

import sys

from mkexe.errors import INTERRUPTED


def run() -> int:
    """As `mkexe.cli.main`, whose modules take a while to load: Ctrl-C ends that without a traceback too."""
    try:
        from mkexe.cli import main

        return main()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
