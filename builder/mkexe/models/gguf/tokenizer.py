"""Check a model's tokenizer as `llama_vocab::impl::load` does (src/llama-vocab.cpp, llama.cpp 0c1e57098)."""

from __future__ import annotations

import struct

from mkexe.models.gguf.constants import GGUFValueType, Keys
from mkexe.models.gguf.header_records import ArrayInfo, GgufHeader
from mkexe.models.gguf.messages import damaged, shown, unusable
from mkexe.models.gguf.single_type_values import NEWER, RECONVERT, check_type, required_text
from mkexe.models.gguf.supported import Supported

_LENGTH = struct.Struct("<Q")
NO_VOCABULARY = ("no_vocab", "none")
WITH_MERGES = ("gpt2", "hybriddna", "whitespace", "gemma4")
WITH_PRE_TOKENIZER = ("gpt2", "hybriddna", "whitespace")
WITHOUT_MERGES_PRE = "kimi-k2"

PER_TOKEN_ARRAYS = {
    Keys.Tokenizer.SCORES: (GGUFValueType.FLOAT32, GGUFValueType.INT32),
    Keys.Tokenizer.TOKEN_TYPE: (GGUFValueType.INT32,),
}

OPTIONAL_TYPES = {
    Keys.Tokenizer.PRE: GGUFValueType.STRING,
    Keys.Tokenizer.TOKEN_TYPE_COUNT: GGUFValueType.UINT32,
    Keys.Tokenizer.ADD_BOS: GGUFValueType.BOOL,
    Keys.Tokenizer.ADD_EOS: GGUFValueType.BOOL,
    Keys.Tokenizer.ADD_SEP: GGUFValueType.BOOL,
    Keys.Tokenizer.ADD_PREFIX: GGUFValueType.BOOL,
    Keys.Tokenizer.REMOVE_EXTRA_WS: GGUFValueType.BOOL,
    "tokenizer.ggml.normalizer.lowercase": GGUFValueType.BOOL,  # newer than the gguf package
    "tokenizer.ggml.normalizer.strip_accents": GGUFValueType.BOOL,
    **dict.fromkeys(
        (
            *(Keys.Tokenizer.BOS_ID, Keys.Tokenizer.EOS_ID, Keys.Tokenizer.EOT_ID, Keys.Tokenizer.EOM_ID),
            *(Keys.Tokenizer.UNK_ID, Keys.Tokenizer.SEP_ID, Keys.Tokenizer.PAD_ID, Keys.Tokenizer.MASK_ID),
            *(Keys.Tokenizer.FIM_PRE_ID, Keys.Tokenizer.FIM_SUF_ID, Keys.Tokenizer.FIM_MID_ID),
            *(Keys.Tokenizer.FIM_PAD_ID, Keys.Tokenizer.FIM_REP_ID, Keys.Tokenizer.FIM_SEP_ID),
            *(Keys.Tokenizer.PREFIX_ID, Keys.Tokenizer.SUFFIX_ID, Keys.Tokenizer.MIDDLE_ID),
        ),
        GGUFValueType.UINT32,
    ),
}
"""Keys that upstream reads with one type and throws for any other."""

OPTIONAL_ARRAYS = {
    Keys.Tokenizer.PRECOMPILED_CHARSMAP: (GGUFValueType.INT8, GGUFValueType.UINT8),
    "tokenizer.ggml.suppress_tokens": (GGUFValueType.INT32,),  # newer than the gguf package
}


def check_tokenizer(header: GgufHeader, supported: Supported) -> None:
    """Raise ModelError if the tokenizer is missing, if llama.cpp does not know it, or if its arrays do not match."""
    model = required_text(header, Keys.Tokenizer.MODEL, "has no tokenizer")
    if model in NO_VOCABULARY:
        reason = f"has no tokenizer: expected a vocabulary in the file, found {Keys.Tokenizer.MODEL} {shown(model)}"
        raise unusable(header.path, reason, "a model without a vocabulary cannot chat: use another GGUF of it")
    if model not in supported.tokenizers:
        reason = f"needs the tokenizer {shown(model)}: expected one that llama.cpp {supported.commit[:9]} knows"
        raise unusable(header.path, reason, NEWER)
    for key, wanted in OPTIONAL_TYPES.items():
        check_type(header, key, wanted)
    _check_pre_tokenizer(header, model, supported)
    _check_arrays(header, model)


def _check_pre_tokenizer(header: GgufHeader, model: str, supported: Supported) -> None:
    pre = header.scalar_text(Keys.Tokenizer.PRE)
    if model in WITH_PRE_TOKENIZER and pre and pre not in supported.pre_tokenizers:
        reason = f"needs the pre-tokenizer {shown(pre)}: expected one that llama.cpp {supported.commit[:9]} knows"
        raise unusable(header.path, reason, NEWER)


def _check_arrays(header: GgufHeader, model: str) -> None:
    tokens = _array(header, Keys.Tokenizer.LIST, (GGUFValueType.STRING,), required=True)
    token_count = tokens.length if tokens else 0
    if token_count == 0:
        offset = header.entries[Keys.Tokenizer.LIST].offset_bytes
        raise damaged(header.path, offset, f"{Keys.Tokenizer.LIST} to hold a vocabulary", "0 tokens", RECONVERT)
    if tokens is not None:
        _check_distinct(header, tokens)
    for key, types in PER_TOKEN_ARRAYS.items():
        array = _array(header, key, types, required=False)
        if array is not None and array.length < token_count:
            offset = header.entries[key].offset_bytes
            expected = f"{key} to have an element for each of {token_count} tokens"
            raise damaged(header.path, offset, expected, str(array.length), RECONVERT)
    for key, types in OPTIONAL_ARRAYS.items():
        _array(header, key, types, required=False)
    without = header.scalar_text(Keys.Tokenizer.PRE) == WITHOUT_MERGES_PRE and model != "gemma4"
    if model in WITH_MERGES:
        _array(header, Keys.Tokenizer.MERGES, (GGUFValueType.STRING,), required=not without)


def _check_distinct(header: GgufHeader, tokens: ArrayInfo) -> None:
    """Check that no token occurs twice, which upstream asserts.

    Upstream reads each token up to its first zero byte. It replaces an empty token by its number, as [EMPTY_7].
    """
    with header.path.open("rb") as file:
        file.seek(tokens.offset_bytes)
        data = file.read(tokens.size_bytes)
    seen: dict[bytes, int] = {}
    position = 0
    for index in range(tokens.length):
        (size,) = _LENGTH.unpack_from(data, position)
        begin = position + _LENGTH.size
        position = begin + size
        text = data[begin:position].partition(b"\0")[0] or b"[EMPTY_%d]" % index
        first = seen.setdefault(text, index)
        if first != index:
            offset = tokens.offset_bytes + begin
            expected = f"token {index} to differ from token {first}"
            raise damaged(header.path, offset, expected, shown(text.decode("utf-8", "replace")), RECONVERT)


def _array(header: GgufHeader, key: str, types: tuple[GGUFValueType, ...], *, required: bool) -> ArrayInfo | None:
    """Return an array of one of the element types; raises ModelError for others and for a missing required one."""
    entry = header.entries.get(key)
    wanted = f"an array of {' or '.join(t.name.lower() for t in types)}"
    if entry is None:
        if required:
            raise unusable(header.path, f"has an incomplete tokenizer: expected {key}, {wanted}, found none", RECONVERT)
        return None
    if isinstance(entry.value, ArrayInfo) and entry.value.element_type in types:
        return entry.value
    is_array = isinstance(entry.value, ArrayInfo)
    element = entry.value.element_type if isinstance(entry.value, ArrayInfo) else entry.type
    found = f"{'an array of ' if is_array else ''}{element.name.lower()}"
    raise damaged(header.path, entry.offset_bytes, f"{key} to be {wanted}", found, RECONVERT)
