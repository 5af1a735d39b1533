#include "server/slots.h"

#include "common.h"
#include "platform/machine.h"
#include "upstream/context-meter.h"

#include <utility>

static constexpr uint64_t share_of_memory = 8;

static constexpr int slots_of_upstream = 4;  // as in tools/server/server.cpp; used if the need is unknown

// So small that every machine has the memory. Only the difference between numbers of slots counts.
static constexpr int measured_tokens = 512;

int slots_for(uint64_t memory_free, const std::function<uint64_t(int)> & bytes_of) {
    const auto one = bytes_of(1);
    if (one == 0 || memory_free == 0) {
        return slots_of_upstream;
    }
    int slots = max_slots;
    while (slots > 1 && bytes_of(slots) > one + memory_free / share_of_memory) {
        slots /= 2;
    }
    return slots;
}

// The bytes, without the weights, of a small context with so many slots; 0 if llama.cpp cannot tell.
static uint64_t bytes_of_slots(const context_meter & meter, common_params params, int slots) {
    params.n_parallel = slots;
    params.kv_unified = true;
    return meter.bytes(std::move(params), measured_tokens);
}

bool ask_for_most_slots(common_params & params) {
    if (params.n_parallel >= 0) {
        return false;
    }
    params.n_parallel = max_slots;
    params.kv_unified = true;
    return true;
}

void choose_slots(const context_meter & meter, common_params & params) {
    params.n_parallel =
        slots_for(read_machine().memory_free, [&](int slots) { return bytes_of_slots(meter, params, slots); });
}
