"""What each command does, without a terminal: it raises errors, and prints nothing."""
