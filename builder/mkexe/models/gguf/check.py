"""Check a GGUF model before anything is written. The other packages use only this module to check model files.

A GGUF is untrusted input. Everything here raises ModelError with one sentence that names the file, the byte offset
(if there is one), what was expected and what was found. Tensor data is never read.
"""

from __future__ import annotations

import difflib
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mkexe.errors import ModelError
from mkexe.models.gguf.byte_reader import HeaderReader
from mkexe.models.gguf.constants import GGUFType, GGUFValueType, Keys
from mkexe.models.gguf.header import read_gguf
from mkexe.models.gguf.header_records import ArrayInfo, GgufHeader, Scalar, TensorInfo, describe_quantization
from mkexe.models.gguf.messages import damaged, file_name, shown, unusable
from mkexe.models.gguf.model_kinds import ModelKind, kind_of
from mkexe.models.gguf.parameters import check_parameters, check_tensor_types
from mkexe.models.gguf.single_type_values import NEWER, required_text
from mkexe.models.gguf.split_reader import read_parts
from mkexe.models.gguf.supported import supported
from mkexe.models.gguf.tokenizer import check_tokenizer
from mkexe.models.gguf.types import MAPPED_ALIGNMENT_BYTES, VALUE_FORMATS

__all__ = [
    "ArrayInfo",
    "GgufHeader",
    "ModelFiles",
    "ModelKind",
    "TensorInfo",
    "check_companion",
    "check_model",
    "check_projector",
    "fetch_array",
    "kind_of",
    "read_gguf",
]

MAX_FETCHED_ELEMENTS = 4096


@dataclass(frozen=True)
class ModelFiles:
    """A checked text model: one header per part, in order."""

    headers: tuple[GgufHeader, ...]

    @property
    def header(self) -> GgufHeader:
        """The first part's header, which holds the metadata."""
        return self.headers[0]

    @property
    def parts(self) -> tuple[Path, ...]:
        """The paths of all parts in order."""
        return tuple(header.path for header in self.headers)

    @property
    def size_bytes(self) -> int:
        """Bytes of all parts."""
        return sum(header.size_bytes for header in self.headers)

    @property
    def tensor_count(self) -> int:
        """Tensors of all parts."""
        return sum(header.tensor_count for header in self.headers)

    @cached_property
    def quantization(self) -> str:
        """The quantization of the weights, such as Q4_K_M."""
        return describe_quantization(list(self.headers))


def check_model(path: Path) -> ModelFiles:
    """Return the checked parts of the text model whose only or first file is at `path`.

    Raises ModelError for everything that `read_parts` refuses, for files that are not a text model, and for
    architectures, tokenizers and basic parameters that the pinned llama.cpp does not load
    (`llama_model_base::load_hparams` in src/llama-model.cpp, `llama_vocab::impl::load` in src/llama-vocab.cpp).
    """
    files = ModelFiles(tuple(read_parts(path)))
    _check_kind(files.header, files.tensor_count)
    _check_architecture(files.header)
    check_parameters(files.header)
    check_tokenizer(files.header, supported())
    for header in files.headers:
        check_tensor_types(header)
        _check_can_be_mapped(header)
    return files


def check_companion(path: Path, kind: ModelKind) -> GgufHeader:
    """Return the checked header of a file that goes with a text model, such as a projector or a LoRA adapter."""
    header = read_gguf(path)
    found = kind_of(header)
    if found is not kind:
        raise unusable(path, f"is {found.value}: expected {kind.value}", f"name {kind.value} instead")
    _check_can_be_mapped(header)
    return header


def check_projector(path: Path, model: GgufHeader) -> GgufHeader:
    """Return the checked header of a projector for `model`.

    llama.cpp refuses a projector if its embeddings and those of the model differ in length (`mtmd_context`,
    tools/mtmd/mtmd.cpp). The keys `clip.vision.projection_dim` and `clip.audio.projection_dim` hold the length, in
    files with `general.type` (MmprojModel in llama.cpp's converter). In older files these keys mean something else, and
    nothing is compared.

    Raises ModelError if the lengths differ, and as `check_companion` does.
    """
    header = check_companion(path, ModelKind.PROJECTOR)
    wanted = model.scalar_number(Keys.LLM.EMBEDDING_LENGTH.format(arch=model.architecture))
    if header.general_type == GGUFType.MMPROJ:
        for key in (Keys.ClipVision.PROJECTION_DIM, Keys.ClipAudio.PROJECTION_DIM):
            found = header.scalar_number(key)
            if found not in (0, wanted):
                reason = (
                    f"was made for another model: expected {key} to be {wanted}, the embedding length of "
                    f"{file_name(model.path)}, found {found}"
                )
                raise unusable(path, reason, "get the projector that belongs to this model")
    return header


def fetch_array(header: GgufHeader, key: str, limit: int = MAX_FETCHED_ELEMENTS) -> list[Scalar]:
    """Return the elements of a small array, such as `general.languages`; empty if the key does not hold an array.

    Raises ModelError for an array of more than `limit` elements.
    """
    entry = header.entries.get(key)
    if entry is None or not isinstance(entry.value, ArrayInfo):
        return []
    array = entry.value
    if array.length > limit:
        expected = f"{shown(key)} of at most {limit} elements"
        raise damaged(header.path, array.offset_bytes, expected, str(array.length))
    try:
        with header.path.open("rb") as file:
            return _read_elements(HeaderReader(file, header.path, header.size_bytes), array, shown(key))
    except OSError as error:
        raise ModelError(f"{header.path} cannot be read: {error.strerror}.", "check the disk") from error


def _read_elements(reader: HeaderReader, array: ArrayInfo, what: str) -> list[Scalar]:
    reader.position = array.offset_bytes
    if array.element_type == GGUFValueType.STRING:
        return [reader.take(reader.string_length(what), what).decode("utf-8", "replace") for _ in range(array.length)]
    layout = struct.Struct(f"<{array.length}{VALUE_FORMATS[array.element_type]}")
    values = layout.unpack(reader.take(layout.size, what)) if array.length else ()
    return [value != 0 for value in values] if array.element_type == GGUFValueType.BOOL else list(values)


def _check_kind(header: GgufHeader, tensor_count: int) -> None:
    kind = kind_of(header, tensor_count)
    if kind is ModelKind.TEXT:
        return
    if kind in (ModelKind.IMAGE, ModelKind.VOCABULARY, ModelKind.IMATRIX):
        hint = "give the GGUF of a text model"
    elif kind is ModelKind.PROJECTOR:
        hint = (
            f"give the GGUF of a text model and this file with it: mkexe build MODEL.gguf --mmproj {header.path.name}"
        )
    else:
        hint = "give the GGUF of a text model; this file can only be used together with one"
    raise unusable(header.path, f"is {kind.value}: expected a text model", hint)


def _check_architecture(header: GgufHeader) -> None:
    known = supported()
    name = required_text(header, Keys.General.ARCHITECTURE, "does not name its architecture")
    if name in known.architectures:
        return
    close = difflib.get_close_matches(name[:64], known.architectures, n=1, cutoff=0.8)
    hint = NEWER + (f"; llama.cpp knows {close[0]}, which is another architecture" if close else "")
    offset = header.entries[Keys.General.ARCHITECTURE].offset_bytes
    expected = f"an architecture that llama.cpp {known.commit[:9]} knows"
    raise unusable(header.path, f"cannot be run: expected {expected} at byte {offset}, found {shown(name)}", hint)


def _check_can_be_mapped(header: GgufHeader) -> None:
    """Check that weights can be mapped in place (`ggml_backend_cpu_buffer_from_ptr`, ggml/src/ggml-backend.cpp)."""
    for tensor in header.tensors:
        if tensor.offset_bytes % MAPPED_ALIGNMENT_BYTES:
            reason = (
                f"cannot be mapped into memory: expected tensor {shown(tensor.name)} at a multiple of "
                f"{MAPPED_ALIGNMENT_BYTES} bytes, found it at byte {tensor.offset_bytes}"
            )
            raise unusable(header.path, reason, "write the file again with general.alignment 32 or more")
