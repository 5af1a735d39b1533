"""Model files: what they are, whether they are sound, and where they come from."""
