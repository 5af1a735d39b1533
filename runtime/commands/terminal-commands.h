#pragma once

// The commands that ask the model from a terminal or a script. `arguments` are the user's. They return the exit status.

#include "artifact/artifact.h"

#include <string>
#include <vector>

// A conversation in the terminal. Defined in chat.cpp.
int chat(const artifact & source, const std::vector<std::string> & arguments);

// Asks one question and writes only the answer to stdout. Defined in run.cpp.
int run_once(const artifact & source, const std::vector<std::string> & arguments);

// Measures how fast this model is on this machine. Defined in bench.cpp.
int bench(const artifact & source, const std::vector<std::string> & arguments);
