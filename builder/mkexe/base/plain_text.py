"""Make untrusted text safe to show, such as the names and titles of models, files and entries.

Unsafe are the control characters, which can control a terminal (Unicode category Cc: C0, DEL and C1); the characters
that change the direction of writing (UAX #9, "Directional Formatting Characters"); the two that end lines (categories
Zl and Zp); and lone surrogates, which stand for bytes that are not UTF-8 and cannot be encoded.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    """`text` with all unsafe characters, and line breaks and tabs, as escapes such as \\x1b."""
    return _UNSAFE.sub(lambda found: _escape(found[0]), text)


def cleaned(text: str) -> str:
    """`text` as a name in one line: each run of unsafe characters and spaces becomes one space."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def find_unsafe(text: str) -> str | None:
    """The first unsafe character as an escape, or None. Allows line breaks and tabs."""
    found = _UNSAFE.search(re.sub(r"\r\n|[\t\n]", "", text))
    return _escape(found[0]) if found else None


def find_unsafe_anywhere(text: str) -> str | None:
    """The same, but line breaks and tabs are unsafe too, as in a name."""
    found = _UNSAFE.search(text)
    return _escape(found[0]) if found else None


def _escape(character: str) -> str:
    """A character as an escape. A byte that is not UTF-8 is shown as this byte (PEP 383 stores it as a surrogate)."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
