#pragma once

// The log of llama.cpp. It goes to a file, and to the console only if the user asks for that.

#include "ggml.h"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

class log_filter {
  public:
    void show_on_console(bool shown) { shown_ = shown; }

    // Whether an entry is shown on the console. Also stores the first errors.
    bool shows(enum ggml_log_level level, const char * text);

    // The first errors in the log of llama.cpp, one on each line; empty if there are none. Later errors are their
    // consequences.
    std::string first_errors() const;

  private:
    std::atomic<bool>        shown_ = false;
    mutable std::mutex       mutex_;
    std::vector<std::string> errors_;
};
