#include "server/body-budget.h"

#include "base/work-limits.h"
#include "platform/machine.h"
#include "server/request-head.h"

#include <algorithm>

static constexpr size_t fewest_bytes = size_t(16) << 20;  // one body with pictures

static constexpr size_t free_bytes = awaited_body_bytes;

size_t body_budget::most(size_t memory_free) {
    // a body is copied and parsed while it is held
    return memory_free == 0 ? mkexe::most_body_bytes :
                              std::clamp(memory_free / 8, fewest_bytes, mkexe::most_body_bytes);
}

// The request that this thread answers: httplib hands a body over without saying whose it is.
static thread_local body_budget::request * answered = nullptr;

body_budget::body_budget() : limit_(most(size_t(read_machine().memory_free))) {}

body_budget::request::request(body_budget & budget) : budget_(budget) {
    answered = this;
}

body_budget::request::~request() {
    budget_.taken_by_all_ -= taken_;
    answered = nullptr;
}

bool body_budget::take(size_t bytes) {
    auto * one = answered;
    if (!one) {
        return true;
    }
    one->held_ += bytes;
    const size_t wanted = one->held_ > free_bytes ? one->held_ - free_bytes - one->taken_ : 0;
    if ((taken_by_all_ += wanted) > limit_) {
        taken_by_all_ -= wanted;
        return false;
    }
    one->taken_ += wanted;
    return true;
}
