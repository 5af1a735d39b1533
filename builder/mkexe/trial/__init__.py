"""Before a build: this machine's runtime reads the default options and tries the model."""
