"""What a model is: its files, their hashes, the memory that it needs."""
