#include "loading.h"

#include "upstream-hooks.h"

#include <algorithm>
#include <chrono>
#include <mutex>

using clock_type = std::chrono::steady_clock;

static std::mutex             mutex;
static loading_progress       progress;
static clock_type::time_point began;

void begin_loading(uint64_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex);
    progress             = {};
    progress.bytes_total = bytes;
    began                = clock_type::now();
}

void end_loading() {
    const std::lock_guard<std::mutex> lock(mutex);
    progress.ready        = true;
    progress.fraction     = 1;
    progress.seconds_left = 0;
}

void mkexe::on_loading(float fraction) {
    const std::lock_guard<std::mutex> lock(mutex);
    progress.fraction = std::max(progress.fraction, std::min(1.0, double(fraction)));
}

loading_progress read_loading_progress() {
    const std::lock_guard<std::mutex> lock(mutex);
    loading_progress                  result = progress;
    const double                      passed = std::chrono::duration<double>(clock_type::now() - began).count();
    // earlier, a guess would jump about
    if (!result.ready && result.fraction > 0.03 && passed > 1) {
        result.seconds_left = passed * (1 - result.fraction) / result.fraction;
    }
    return result;
}
