#include "lifecycle/loading.h"

#include "lifecycle/read-ahead.h"
#include "platform/machine.h"
#include "upstream-hooks.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

using clock_type = std::chrono::steady_clock;

// Reading from the disk takes most of the time, where there is something to read; placing the tensors the rest.
static constexpr double reading_share = 0.8;

static std::mutex             mutex;
static bool                   ready  = false;
static bool                   reads  = false;  // there is something to read
static double                 read   = 0;      // of the bytes, 0 to 1
static double                 placed = 0;      // of the tensors' bytes, 0 to 1
static uint64_t               bytes  = 0;
static clock_type::time_point began;

// False when the model is loaded, and nobody asks how far it is any more.
static bool note_read(uint64_t count) {
    const std::lock_guard<std::mutex> lock(mutex);
    read = bytes > 0 ? double(count) / double(bytes) : 0;
    return !ready;
}

void begin_loading(const artifact & source) {
    {
        const std::lock_guard<std::mutex> lock(mutex);
        bytes = weight_bytes(source.contents);
        began = clock_type::now();
    }
    // where the memory is too small, what is read first would be gone again
    if (const auto machine = read_machine(); machine.memory_free > 0 && bytes > machine.memory_free) {
        note_read(bytes);
        return;
    }
    std::vector<stored_range> ranges;
    for (const auto & model : source.contents.models) {
        ranges.insert(ranges.end(), model.parts.begin(), model.parts.end());
    }
    std::thread([ranges] { read_ahead(ranges, note_read); }).detach();
}

void end_loading() {
    const std::lock_guard<std::mutex> lock(mutex);
    ready = true;
}

void mkexe::on_loading(float fraction) {
    const std::lock_guard<std::mutex> lock(mutex);
    placed = std::max(placed, std::min(1.0, double(fraction)));
}

loading_progress read_loading_progress() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (ready) {
        return { true, 1, bytes, 0 };
    }
    loading_progress progress;
    const double     passed = std::chrono::duration<double>(clock_type::now() - began).count();
    // what is in memory already takes no time
    reads                   = reads || (passed > 0.5 && read < 1);
    progress.bytes_total    = bytes;
    progress.fraction       = reads ? reading_share * read + (1 - reading_share) * placed : std::min(read, placed);
    // earlier, a guess would jump about
    if (progress.fraction > 0.03 && passed > 1) {
        progress.seconds_left = passed * (1 - progress.fraction) / progress.fraction;
    }
    return progress;
}
