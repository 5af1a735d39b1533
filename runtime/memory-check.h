#pragma once

// Whether the model and a chat of the length that was asked for have room in memory. Each returns an empty text, or
// sentences that say what is missing and what to do.

#include "artifact.h"

#include <string>

struct common_params;

std::string find_weights_problem(const artifact & source);

struct context_need {
    uint64_t bytes   = 0;  // beside the weights; 0 where upstream cannot say
    uint32_t trained = 0;  // how many tokens the model was made for; 0 likewise
};

// What a chat of so many tokens needs. Reads the model's metadata, some hundredths of a second.
context_need measure_context(common_params params, int tokens);

// For a context that was asked for: upstream makes one that nobody asked for as small as it must be. Reads the model's
// metadata, some hundredths of a second.
std::string find_context_problem(const common_params & params);
