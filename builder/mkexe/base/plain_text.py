"""Make text from outside safe to show: names and titles of models, files and entries are written by strangers.

What could steer a terminal or let a line read as something else are the control characters (Unicode's category Cc: C0,
DEL and C1), those that change the direction of writing (UAX #9, "Directional Formatting Characters"), and the two that
end lines (category Zl and Zp). Half surrogates are bytes that are not UTF-8, and can be written nowhere.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    """`text` with everything unsafe written as an escape such as \\x1b, line breaks and tabs too."""
    return _UNSAFE.sub(lambda found: _escape(found[0]), text)


def cleaned(text: str) -> str:
    """`text` as a name in one line: without anything unsafe, and with single spaces where some of it stood."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def find_unsafe(text: str) -> str | None:
    """The first unsafe character as an escape, None without one; line breaks and tabs are no fault here."""
    found = _UNSAFE.search(re.sub(r"\r\n|[\t\n]", "", text))
    return _escape(found[0]) if found else None


def find_unsafe_anywhere(text: str) -> str | None:
    """The same where line breaks and tabs are a fault too, as in a name."""
    found = _UNSAFE.search(text)
    return _escape(found[0]) if found else None


def _escape(character: str) -> str:
    """Bytes that are not UTF-8, as Python keeps them in file names (PEP 383), are shown as bytes."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
