"""Split a GGUF the way llama-gguf-split does: names, split.* keys, tensors in order (tools/gguf-split)."""

from __future__ import annotations

from pathlib import Path

import gguf


def split_gguf(model: Path, folder: Path, parts: int) -> Path:
    """Write `parts` files NAME-0000i-of-0000n.gguf into `folder`; returns the first."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = gguf.GGUFReader(model)
    paths = [folder / f"{model.stem}-{part + 1:05}-of-{parts:05}.gguf" for part in range(parts)]
    for part, path in enumerate(paths):
        writer = gguf.GGUFWriter(path, "llama")
        if part == 0:
            _copy_metadata(reader, writer)
        writer.add_uint16("split.no", part)
        writer.add_uint16("split.count", parts)
        writer.add_int32("split.tensors.count", len(reader.tensors))
        for tensor in reader.tensors[part::parts]:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return paths[0]


def _copy_metadata(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> None:
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        sub_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), field.types[0], sub_type=sub_type)
