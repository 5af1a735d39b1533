#pragma once

// Chooses the length of a chat and the size of the prompt cache, if the options do not say them.

#include "artifact/artifact.h"

#include <string>

class context_meter;
struct common_params;

// The largest number of tokens in a chat without --ctx-size.
constexpr int usual_context = 32768;

struct memory_wishes {
    bool context = false;  // --ctx-size was given; 0 means as many as the model can use
    bool cache   = false;  // --cache-ram was given
    bool check   = true;   // refuse what does not fit
};

// Sets what the options do not say: the context, from the model, the free memory and `usual_context`; then the cache,
// from the rest of the memory. Returns why a requested context does not fit; empty if it does. To be called when the
// number of slots is known, and before the model is loaded.
std::string settle_memory(const artifact &      source,
                          const memory_wishes & wishes,
                          const context_meter & meter,
                          common_params &       params);

// Reads the options about memory from `arguments` and the environment.
memory_wishes read_memory_wishes(const std::vector<std::string> & arguments, bool check);
