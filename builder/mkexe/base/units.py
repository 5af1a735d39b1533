"""Write numbers for people."""

from __future__ import annotations


def readable_size(size: int) -> str:
    """A size in bytes with a decimal unit: kB, MB or GB."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.1f} kB"
