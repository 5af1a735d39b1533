#pragma once

// Between crash.cpp and its parts for each system. All of it may be called in signal handlers: no memory is asked for.

#include "base/exit-status.h"

#include <cstddef>
#include <cstdint>

// A text in a place of its own, cut off where it does not fit.
class fixed_text {
  public:
    fixed_text & add(const char * text);
    fixed_text & add_number(uint64_t number);
    fixed_text & add_address(uintptr_t address);

    const char * begin() const { return text_; }
    size_t       size() const { return size_; }

  private:
    char   text_[8192] = {};
    size_t size_       = 0;
};

// A file that is mapped while this program runs.
struct mapped_file {
    const char * path  = nullptr;
    const char * shown = nullptr;  // the path as a terminal may get it
    uint64_t     size  = 0;        // bytes that it must have
};

// The log's path; empty where there is none.
const char * crash_log();

// Ends the program where one of these is shorter than it was or gone, or `surely`, where a page of one could not be read.
void end_by_lost_file(bool surely);

// Why the last thread that this one wanted did not start; empty where it did.
const char * thread_problem();

// The same for any thread.
const char * any_thread_problem();

// --- defined for each system

void watch_system_crashes();

// The file's size in bytes; false where it is not to be had.
bool size_of_path(const char * path, uint64_t & size);

// Writes the text to the console and to the log's end, and ends the process.
[[noreturn]] void end_with_words(const fixed_text & text, exit_status status);

// Keeps other threads from saying anything, if they crash as well: only one call returns.
void begin_last_words();
