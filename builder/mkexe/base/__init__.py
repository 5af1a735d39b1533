"""Small tools for files, processes and texts. They know nothing about models and artifacts."""
