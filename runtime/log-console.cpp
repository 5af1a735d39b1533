#include "log-console.h"

#include "upstream-hooks.h"

#include <atomic>
#include <deque>
#include <mutex>

static std::atomic<bool> shown = false;

static constexpr size_t        kept_errors = 3;
static std::mutex              errors_mutex;
static std::deque<std::string> errors;

void show_log_on_console(bool wanted) {
    shown = wanted;
}

bool mkexe::shows_log(enum ggml_log_level level, const char * text) {
    if (level == GGML_LOG_LEVEL_ERROR) {
        const std::lock_guard<std::mutex> lock(errors_mutex);
        errors.push_back(text);
        if (errors.size() > kept_errors) {
            errors.pop_front();
        }
    }
    // level none: what was asked for, such as --help-server
    return shown || level == GGML_LOG_LEVEL_NONE;
}

std::string last_log_errors() {
    const std::lock_guard<std::mutex> lock(errors_mutex);
    std::string                       text;
    for (const auto & error : errors) {
        text += error;
        if (text.back() != '\n') {
            text += '\n';
        }
    }
    return text;
}
