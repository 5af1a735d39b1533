#pragma once

// The default command: runs llama.cpp's server with the model and the page of the artifact.

#include "artifact/artifact.h"

#include <string>
#include <vector>

// Serves until it is stopped. Returns the exit status. `arguments` are the user's, without the program's name. They
// override the artifact's own options.
int serve(const artifact & source, const std::vector<std::string> & arguments);
