#include "server/body-budget.h"

#include "base/work-limits.h"
#include "platform/machine.h"
#include "server/request-head.h"

#include <algorithm>

static constexpr size_t min_budget_bytes = size_t(16) << 20;  // enough for one body with pictures

// The first bytes of each body do not count.
static constexpr size_t uncounted_bytes = awaited_body_bytes;

size_t body_budget::bytes_for(size_t memory_free) {
    // an eighth, because the server copies and parses a body while it holds it
    return memory_free == 0 ? mkexe::body_budget_bytes :
                              std::clamp(memory_free / 8, min_budget_bytes, mkexe::body_budget_bytes);
}

// The request that this thread answers. httplib does not say to which request the bytes of a body belong.
static thread_local body_budget::request * current_request = nullptr;

body_budget::body_budget() : limit_(bytes_for(size_t(read_machine().memory_free))) {}

body_budget::request::request(body_budget & budget) : budget_(budget) {
    current_request = this;
}

body_budget::request::~request() {
    budget_.counted_of_all_ -= counted_;
    current_request = nullptr;
}

bool body_budget::take(size_t bytes) {
    auto * request = current_request;
    if (!request) {
        return true;
    }
    request->held_ += bytes;
    const size_t counted = request->held_ > uncounted_bytes ? request->held_ - uncounted_bytes : 0;
    const size_t added   = counted - request->counted_;
    if ((counted_of_all_ += added) > limit_) {
        counted_of_all_ -= added;
        return false;
    }
    request->counted_ = counted;
    return true;
}
