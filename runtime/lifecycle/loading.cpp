#include "lifecycle/loading.h"

#include "lifecycle/read-ahead.h"
#include "platform/machine.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

using clock_type = std::chrono::steady_clock;

// If the weights must be read from the disk, that takes most of the time. Placing the tensors takes the rest.
static constexpr double reading_share = 0.8;

struct loading::state {
    mutable std::mutex     mutex;
    bool                   over   = false;  // nobody needs the progress any more
    bool                   ready  = false;
    bool                   reads  = false;  // there is something to read
    double                 read   = 0;      // of the bytes, 0 to 1
    double                 placed = 0;      // of the tensors' bytes, 0 to 1
    uint64_t               bytes  = 0;
    clock_type::time_point began;

    int                                           last_reported = 0;  // hundredths
    std::function<void(const loading_progress &)> tell;

    loading_progress progress();
    bool             note_read(uint64_t count);
    void             tell_if_moved();
};

// The caller holds the lock.
loading_progress loading::state::progress() {
    if (ready) {
        return { true, 1, bytes, 0 };
    }
    loading_progress found;
    const double     passed = std::chrono::duration<double>(clock_type::now() - began).count();
    // bytes that are in memory already take no time
    reads                   = reads || (passed > 0.5 && read < 1);
    found.bytes_total       = bytes;
    found.fraction          = reads ? reading_share * read + (1 - reading_share) * placed : std::min(read, placed);
    // an earlier estimate would change too much
    if (found.fraction > 0.03 && passed > 1) {
        found.seconds_left = passed * (1 - found.fraction) / found.fraction;
    }
    return found;
}

// With the lock held.
void loading::state::tell_if_moved() {
    if (over || ready || !tell) {
        return;
    }
    const auto found      = progress();
    const int  hundredths = int(found.fraction * 100);
    if (hundredths > last_reported) {
        last_reported = hundredths;
        tell(found);
    }
}

// Returns false when the model is loaded and nobody needs the progress any more.
bool loading::state::note_read(uint64_t count) {
    const std::lock_guard<std::mutex> lock(mutex);
    read = bytes > 0 ? double(count) / double(bytes) : 0;
    tell_if_moved();
    return !ready && !over;
}

loading::loading() : state_(std::make_shared<state>()) {}

loading::~loading() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->over = true;
}

void loading::when_moved(std::function<void(const loading_progress &)> tell) {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->tell = std::move(tell);
    state_->tell_if_moved();
}

void loading::begin(const artifact & source) {
    const uint64_t bytes = weight_bytes(source.contents);
    {
        const std::lock_guard<std::mutex> lock(state_->mutex);
        state_->bytes = bytes;
        state_->began = clock_type::now();
    }
    // if the memory is too small, the system would drop the first bytes again
    if (const auto machine = read_machine(); machine.memory_free > 0 && bytes > machine.memory_free) {
        state_->note_read(bytes);
        return;
    }
    std::vector<stored_range> ranges;
    for (const auto & model : source.contents.models) {
        ranges.insert(ranges.end(), model.parts.begin(), model.parts.end());
    }
    std::thread([ranges, shared = state_] {
        read_ahead(ranges, [&](uint64_t count) { return shared->note_read(count); });
    }).detach();
}

void loading::note_placed(double fraction) {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->placed = std::max(state_->placed, std::min(1.0, fraction));
    state_->tell_if_moved();
}

void loading::end() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->ready = true;
}

loading_progress loading::read() const {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    return state_->progress();
}
