#pragma once

// How long a chat may be and how much memory kept prompts may take, where nobody said.

#include "artifact/artifact.h"

#include <string>

class context_meter;
struct common_params;

// A chat of this many tokens at most, unless --ctx-size says otherwise.
constexpr int usual_context = 32768;

struct memory_wishes {
    bool context = false;  // somebody said --ctx-size; 0 means as many as the model takes
    bool cache   = false;  // somebody said --cache-ram
    bool check   = true;   // refuse what has no room
};

// Sets what nobody said: the context from the model, the free memory and `usual_context`; the cache from what is left.
// Returns why the context that was asked for has no room, or an empty text. To be called when the number of slots is known,
// and before the model is loaded.
std::string settle_memory(const artifact &      source,
                          const memory_wishes & wishes,
                          const context_meter & meter,
                          common_params &       params);

// What `arguments` and the environment say about memory.
memory_wishes read_memory_wishes(const std::vector<std::string> & arguments, bool check);
