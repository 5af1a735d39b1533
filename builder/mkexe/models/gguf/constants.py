"""The `gguf` package's constants, without the rest of the package, which brings numpy and takes a second to import."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gguf.constants import (
        GGML_QUANT_SIZES,
        GGMLQuantizationType,
        GGUFType,
        GGUFValueType,
        Keys,
        LlamaFileType,
    )
else:

    def _load() -> Any:
        """Execute gguf/constants.py, which imports the standard library only, as a module of our own."""
        package = importlib.util.find_spec("gguf")
        if package is None or not package.submodule_search_locations:
            raise ImportError("the package gguf is not installed")
        path = f"{package.submodule_search_locations[0]}/constants.py"
        spec = importlib.util.spec_from_file_location("mkexe.models.gguf._gguf_constants", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    _constants = _load()
    GGML_QUANT_SIZES = _constants.GGML_QUANT_SIZES
    GGMLQuantizationType = _constants.GGMLQuantizationType
    GGUFType = _constants.GGUFType
    GGUFValueType = _constants.GGUFValueType
    Keys = _constants.Keys
    LlamaFileType = _constants.LlamaFileType

__all__ = ["GGML_QUANT_SIZES", "GGMLQuantizationType", "GGUFType", "GGUFValueType", "Keys", "LlamaFileType"]
