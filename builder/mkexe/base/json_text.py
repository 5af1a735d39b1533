"""Write JSON for artifacts and caches."""

from __future__ import annotations

import json


def readable_json(value: object) -> bytes:
    """Indented UTF-8 with a newline at the end, for people and for programs; equal values give equal bytes."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
