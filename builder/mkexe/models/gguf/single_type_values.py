"""Values that llama.cpp reads with one type only: `GGUFMeta::GKV` throws for any other (src/llama-model-loader.cpp)."""

from __future__ import annotations

from mkexe.models.gguf.constants import GGUFValueType
from mkexe.models.gguf.header_records import GgufHeader
from mkexe.models.gguf.messages import damaged, unusable

RECONVERT = "use another GGUF of the model, or convert the original model again"
NEWER = "this mkexe is too old for the model: look for a newer one, or use another model"


def check_type(header: GgufHeader, key: str, wanted: GGUFValueType) -> None:
    """Raise ModelError if the key exists but has another type."""
    entry = header.entries.get(key)
    if entry is not None and entry.type != wanted:
        expected = f"{key} of type {wanted.name.lower()}"
        raise damaged(header.path, entry.offset_bytes, expected, entry.type.name.lower(), RECONVERT)


def required_text(header: GgufHeader, key: str, what_lacks: str) -> str:
    """Return a string that must exist and not be empty; `what_lacks` completes "NAME ..." in the error."""
    check_type(header, key, GGUFValueType.STRING)
    text = header.scalar_text(key)
    if not text:
        raise unusable(header.path, f"{what_lacks}: expected a text at the key {key}, found none", RECONVERT)
    return text


def required_number(header: GgufHeader, key: str, lowest: int, highest: int) -> int:
    """Return an unsigned 32-bit number that must exist and lie in the range."""
    entry = header.entries.get(key)
    if entry is None:
        raise unusable(header.path, f"lacks the key {key}: expected a number there, found none", RECONVERT)
    check_type(header, key, GGUFValueType.UINT32)
    number = header.scalar_number(key)
    if not lowest <= number <= highest:
        expected = f"{key} from {lowest} to {highest}"
        raise damaged(header.path, entry.offset_bytes, expected, str(number), RECONVERT)
    return number
