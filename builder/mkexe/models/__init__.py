"""Models: their files, the hashes of these, and the memory that a model needs."""
