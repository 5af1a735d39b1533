"""Read GGUF files, and refuse what cannot be used."""
