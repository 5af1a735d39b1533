"""The artifact's format: docs/FORMAT.md in Python."""
