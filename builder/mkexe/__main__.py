"""`python -m mkexe`."""

import sys

from mkexe.cli import main

sys.exit(main())
