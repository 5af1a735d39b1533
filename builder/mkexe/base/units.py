"""Numbers as people read them."""

from __future__ import annotations


def readable_size(size: int) -> str:
    """Bytes as people read them, in units of 1000."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.1f} kB"
