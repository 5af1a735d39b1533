"""Draw an SVG as a PNG: `python drawing.py IN.svg OUT.png EDGE`, a program that icon.py starts.

It runs in its own process, because a hostile drawing can use all memory, take hours, or overflow resvg's stack. It ends
with status 1 and a message if resvg refuses the drawing.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import resvg_py

_MEMORY_MAXIMUM = 2 << 30  # bytes


def main(source: Path, output: Path, edge: int) -> None:
    """Fit the drawing into a square of `edge` pixels and keep its proportions; its longer side gets `edge`."""
    _limit_memory()
    try:
        # without fonts, because the result would depend on the fonts of this computer
        drawn = resvg_py.svg_to_bytes(
            svg_string=source.read_text("utf-8"), width=edge, height=edge, skip_system_fonts=True
        )
    except ValueError as error:
        sys.exit(str(error))
    output.write_bytes(bytes(drawn))


def _limit_memory() -> None:
    """Limit the memory of this process. Windows cannot; there only the time is limited."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_MAXIMUM, _MEMORY_MAXIMUM))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
