#include "upstream/log-filter.h"

#include "base/safe-text.h"
#include "upstream-hooks.h"

#include <atomic>
#include <mutex>
#include <vector>

static std::atomic<bool> shown = false;

static constexpr size_t         kept_errors = 2;
static std::mutex               errors_mutex;
static std::vector<std::string> errors;

void show_log_on_console(bool wanted) {
    shown = wanted;
}

bool mkexe::shows_log(enum ggml_log_level level, const char * text) {
    if (level == GGML_LOG_LEVEL_ERROR) {
        const std::lock_guard<std::mutex> lock(errors_mutex);
        if (errors.size() < kept_errors) {
            errors.push_back(safe_text(text));
        }
    }
    // level none: what was asked for, such as --help-server
    return shown || level == GGML_LOG_LEVEL_NONE;
}

std::string first_log_errors() {
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

void mkexe::make_log_safe(std::vector<char> & message) {
    const auto safe = safe_text(message.data());
    message.assign(safe.c_str(), safe.c_str() + safe.size() + 1);
}
