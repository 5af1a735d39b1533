#pragma once

// llama.cpp's log: it goes to a file, and to the console only where that was asked for.

#include "ggml.h"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

class log_filter {
  public:
    void show_on_console(bool shown) { shown_ = shown; }

    // Whether an entry is shown on the console.
    bool shows(enum ggml_log_level level, const char * text);

    // The first errors that llama.cpp logged, one a line; empty where there was none. Later ones follow from them.
    std::string first_errors() const;

  private:
    std::atomic<bool>        shown_ = false;
    mutable std::mutex       mutex_;
    std::vector<std::string> errors_;
};
