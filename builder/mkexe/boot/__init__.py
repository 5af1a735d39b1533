"""Start a built file and ask it a question."""
