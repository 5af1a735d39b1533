"""What mkexe's programs cost, beside what a user would pick instead (README.md)."""
