"""Executable formats: reading and writing that LIEF does not offer."""
