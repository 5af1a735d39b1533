#pragma once

// Whether the model and a chat of the length that was asked for have room in memory.

#include "artifact/artifact.h"

#include <string>

// Why the weights have no room, and what to do; an empty text where they have.
std::string find_weights_problem(const artifact & source);

// Says that a chat of so many tokens has no room, and what to do; in bytes what it needs and what is free.
std::string context_problem(int tokens, uint64_t needed, uint64_t memory_free);
