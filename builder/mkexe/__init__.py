"""mkexe: turn a GGUF model into one executable file."""

__version__ = "0.1.0"
