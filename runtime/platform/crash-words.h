#pragma once

// What crash.cpp shares with its parts for each system. Signal handlers may call all of it: nothing allocates memory.

#include "base/exit-status.h"

#include <cstddef>
#include <cstdint>

// A text in a fixed buffer. It is cut off if it does not fit.
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
    const char * shown = nullptr;  // the path, made safe for a terminal
    uint64_t     size  = 0;        // the expected size in bytes
};

// The path of the log; empty if there is none.
const char * crash_log();

// Ends the program if a mapped file became shorter or no longer exists. `surely`: a page of one could not be read, so
// the program ends in every case.
void end_by_lost_file(bool surely);

// Why this thread could not start its last thread; empty if it could.
const char * thread_problem();

// The same for any thread.
const char * any_thread_problem();

// --- defined for each system

void watch_system_crashes();

// Gets the size of a file in bytes. Returns false if the system does not tell it.
bool size_of_path(const char * path, uint64_t & size);

// Writes the text to the console and to the end of the log, and ends the process.
[[noreturn]] void end_with_words(const fixed_text & text, exit_status status);

// Stops other threads that crash at the same time: only the first call returns.
void begin_last_words();
