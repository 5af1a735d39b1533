"""Compare mkexe's programs with the programs that a user would choose instead (README.md)."""
