#pragma once

// Files inside the artifact, for llama.cpp's loaders: every one of them opens through ggml_fopen.

#include "artifact/artifact.h"

// From now on ggml_fopen finds the artifact's entries under artifact_path_prefix. `source` must outlive every use.
void serve_embedded_files(const artifact & source);
