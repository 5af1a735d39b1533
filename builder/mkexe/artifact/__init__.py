"""The artifact's format (docs/FORMAT.md): where everything lies, how it is written, read and checked."""
