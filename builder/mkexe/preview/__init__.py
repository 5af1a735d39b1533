"""Serve the page while it is designed."""
