"""The layouts of a built file: choose one, write it, read it back."""
