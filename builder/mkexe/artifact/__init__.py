"""The artifact's format (docs/FORMAT.md): place, write, read and verify an artifact."""
