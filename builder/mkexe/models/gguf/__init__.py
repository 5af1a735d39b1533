"""Read GGUF files, and refuse files that cannot be used."""
