#pragma once

// The commands that ask the model from a terminal or a script. They return the exit status; `arguments` are the user's.

#include "artifact/artifact.h"

#include <string>
#include <vector>

// A conversation in the terminal. Defined in chat.cpp.
int chat(const artifact & source, const std::vector<std::string> & arguments);

// One question, its answer alone on stdout. Defined in run.cpp.
int run_once(const artifact & source, const std::vector<std::string> & arguments);

// How fast this model is on this machine. Defined in bench.cpp.
int bench(const artifact & source, const std::vector<std::string> & arguments);
