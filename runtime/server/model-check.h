#pragma once

// The command with which `mkexe build` tests a model before it bundles it: whether this machine's runtime can load the
// model, compute with it, and use its chat template. --help does not list it.

#include <string>
#include <vector>

// `arguments` are the arguments of `serve`, with -m and --mmproj. The program does not read the weights, but uses
// zeros. So the check of a large model takes only the time for computing two tokens.
//
// If the model cannot be used, prints "refused: " with the cause and returns exit_model. If llama.cpp aborts, the
// process ends. Otherwise returns exit_good.
int check_model(const std::vector<std::string> & arguments);
