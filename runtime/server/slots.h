#pragma once

// Chooses how many requests the server answers at the same time without --parallel. They share one context, so one more
// costs little, except for models that keep a separate state for each.

#include <cstdint>
#include <functional>

class context_meter;
struct common_params;

static constexpr int max_slots = 8;

// The largest number of slots that need at most an eighth of the free memory. `bytes_of` returns the bytes of a context
// with so many slots; 0 if unknown.
int slots_for(uint64_t memory_free, const std::function<uint64_t(int)> & bytes_of);

// If the options do not set the number of slots, asks for `max_slots` in one context, and returns true.
bool ask_for_most_slots(common_params & params);

// Sets the number of slots from the free memory.
void choose_slots(const context_meter & meter, common_params & params);
