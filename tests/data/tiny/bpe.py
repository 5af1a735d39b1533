"""A byte-level tokenizer that llama.cpp reads as BPE of the pre-tokenizer type "llama-bpe" (Llama 3).

That type takes a piece of text whole where it stands in the vocabulary, and merges bytes only where it does not.
The vocabulary here is the 256 bytes, a few runs of spaces (the only merges) and whole words. So a word that is not
known, such as one to be repeated, is spelt byte by byte, which is what lets a very small model copy it; and any
input at all can be tokenized.

The split into pieces is the regular expression of src/llama-vocab.cpp of llama.cpp, LLAMA_VOCAB_PRE_TYPE_LLAMA3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

PRE_TYPE = "llama-bpe"
# \p{L} and \p{N} spelt for Python's re: a letter is a word character that is neither digit nor underscore
PIECE_PATTERN = re.compile(
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    r"|(?:[^\w\r\n]|_)?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_alphabet() -> dict[int, str]:
    """Return GPT-2's printable character for each byte value."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    alphabet = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in alphabet:
            alphabet[byte] = chr(256 + len(alphabet) - len(printable))
    return alphabet


ALPHABET = byte_alphabet()
BYTE_OF = {char: byte for byte, char in ALPHABET.items()}
SPACE = ALPHABET[ord(" ")]
MERGES = ((SPACE, SPACE), (SPACE * 2, SPACE * 2))


def split_pieces(text: str) -> list[str]:
    """Split text into the pieces that are looked up, each written in the byte alphabet."""
    return ["".join(ALPHABET[byte] for byte in match.group().encode()) for match in PIECE_PATTERN.finditer(text)]


@dataclass
class Bpe:
    """A vocabulary: bytes, merged tokens and words by id, special tokens last."""

    tokens: list[str]
    merges: tuple[tuple[str, str], ...]
    special: list[str]

    @cached_property
    def ids(self) -> dict[str, int]:
        """Token text (in the byte alphabet) to id."""
        return {token: index for index, token in enumerate(self.tokens)}

    def encode_piece(self, piece: str) -> list[int]:
        """Return the tokens of one piece of split_pieces."""
        if piece in self.ids:
            return [self.ids[piece]]
        symbols = list(piece)
        # the merges are few and in order of rank, so one pass for each is enough
        for left, right in self.merges:
            index = 0
            while index + 1 < len(symbols):
                if symbols[index] == left and symbols[index + 1] == right:
                    symbols[index : index + 2] = [left + right]
                index += 1
        return [self.ids[symbol] for symbol in symbols]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; special tokens are not looked for."""
        return [token for piece in split_pieces(text) for token in self.encode_piece(piece)]

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, special ones by their name."""
        raw = bytearray()
        for index in tokens:
            token = self.tokens[index]
            raw += token.encode() if token in self.special else bytes(BYTE_OF[char] for char in token)
        return raw.decode(errors="replace")


def build_vocabulary(texts: Iterable[str], size: int, special: list[str]) -> Bpe:
    """Choose size tokens: the words are those that save most tokens in texts.

    Only ASCII ones are taken: other text stays bytes, so that answers in it are streamed in parts of a character.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(match.group() for match in PIECE_PATTERN.finditer(text))
    fixed = [ALPHABET[byte] for byte in range(256)] + [left + right for left, right in MERGES]
    saved = {
        split_pieces(piece)[0]: count * (len(piece) - 1)
        for piece, count in counts.items()
        if piece.isascii() and len(piece) > 1 and not piece.isspace()
    }
    words = sorted(saved, key=lambda piece: (-saved[piece], piece))[: size - len(fixed) - len(special)]
    return Bpe([*fixed, *words, *special], MERGES, special)
