"""The shapes of a built file: which one a model gets, how it is written, how it is read back."""
