"""The built page in a real browser, against a scripted server."""
