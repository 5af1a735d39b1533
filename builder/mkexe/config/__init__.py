"""The options of a build: mkexe.toml, the flags of `mkexe build`, and the table that defines both (options.py)."""
