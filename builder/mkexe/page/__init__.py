"""The web page: how it is built, and what a builder gives it."""
