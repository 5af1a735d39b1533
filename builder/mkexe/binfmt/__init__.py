"""Executable formats: what is read or written in them beyond what LIEF does."""
