"""Serve the page while somebody designs it."""
