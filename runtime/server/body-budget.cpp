#include "server/body-budget.h"

#include "platform/machine.h"
#include "server/request-head.h"
#include "work-limits.h"

#include <algorithm>
#include <atomic>

static constexpr size_t fewest_bytes = size_t(16) << 20;  // one body with pictures

static constexpr size_t free_bytes = awaited_body_bytes;

static std::atomic<size_t> taken_by_all{ 0 };
static thread_local size_t held  = 0;  // by this thread's request
static thread_local size_t taken = 0;  // of that, what counts

size_t body_budget::most(size_t memory_free) {
    // a body is copied and parsed while it is held
    return memory_free == 0 ? mkexe::most_body_bytes :
                              std::clamp(memory_free / 8, fewest_bytes, mkexe::most_body_bytes);
}

bool body_budget::take(size_t bytes) {
    static const size_t limit = most(size_t(read_machine().memory_free));
    held += bytes;
    const size_t wanted = held > free_bytes ? held - free_bytes - taken : 0;
    if ((taken_by_all += wanted) > limit) {
        taken_by_all -= wanted;
        return false;
    }
    taken += wanted;
    return true;
}

body_budget::request::~request() {
    taken_by_all -= taken;
    held = taken = 0;
}
