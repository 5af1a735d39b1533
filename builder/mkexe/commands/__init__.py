"""The commands without the terminal: they raise errors and print nothing."""
