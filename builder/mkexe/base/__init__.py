"""Small tools that know nothing of models and artifacts: files, processes, texts."""
