#pragma once

// How many requests are answered at once where nobody said it (--parallel). They share one context, so a further one
// costs little, but for models that keep a state of their own for each.

#include <cstdint>
#include <functional>

class context_meter;
struct common_params;

static constexpr int max_slots = 8;

// As many as take no more than an eighth of the free memory. `bytes_of` tells what a context with so many slots needs, 0
// where that cannot be said.
int slots_for(uint64_t memory_free, const std::function<uint64_t(int)> & bytes_of);

// Where the options do not say how many, asks for `max_slots` in one context, and returns true.
bool ask_for_most_slots(common_params & params);

// Sets the number of slots by the free memory.
void choose_slots(const context_meter & meter, common_params & params);
