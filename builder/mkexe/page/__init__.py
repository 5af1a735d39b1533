"""Build the web page, and add the branding of one artifact."""
