#include "upstream/log-filter.h"

#include "base/safe-text.h"
#include "upstream/hooks.h"

static constexpr size_t kept_errors = 2;

bool log_filter::shows(enum ggml_log_level level, const char * text) {
    if (level == GGML_LOG_LEVEL_ERROR) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (errors_.size() < kept_errors) {
            errors_.push_back(safe_text(text));
        }
    }
    // level none: output that the user asked for, for example with --help-server
    return shown_ || level == GGML_LOG_LEVEL_NONE;
}

std::string log_filter::first_errors() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string                       text;
    for (const auto & error : errors_) {
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
