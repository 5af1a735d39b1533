#pragma once

// Whether the model and a chat of the length that was asked for have room in memory.

#include "artifact.h"

#include <string>

struct common_params;

// Why the weights have no room, and what to do; an empty text where they have.
std::string find_weights_problem(const artifact & source);

struct context_need {
    uint64_t bytes   = 0;  // beside the weights; 0 where upstream cannot say
    uint32_t trained = 0;  // how many tokens the model was made for; 0 likewise
};

// What a chat of so many tokens needs. Reads the model's metadata, some hundredths of a second.
context_need measure_context(common_params params, int tokens);

// Says that a chat of so many tokens has no room, and what to do; in bytes what it needs and what is free.
std::string context_problem(int tokens, uint64_t needed, uint64_t memory_free);
