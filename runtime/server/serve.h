#pragma once

// The default command: upstream's server over the artifact's model and page.

#include "artifact/artifact.h"

#include <string>
#include <vector>

// Serves until it is stopped; returns the exit status. `arguments` are the user's, without the program's name; they
// come after the artifact's own defaults, so they win.
int serve(const artifact & source, const std::vector<std::string> & arguments);
