#pragma once

// Checks whether the model and a chat of the requested length fit into the memory.

#include "artifact/artifact.h"

#include <string>

// Why the weights do not fit, and what to do; empty if they fit.
std::string find_weights_problem(const artifact & source);

// The message for a chat of `tokens` tokens that does not fit. Both sizes are in bytes.
std::string context_problem(int tokens, uint64_t needed, uint64_t memory_free);
