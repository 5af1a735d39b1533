#pragma once

// Handles errors after which this program cannot continue: a signal such as SIGSEGV, an abort, an exception that nobody
// caught. Writes one sentence to the console and to the log, and ends the program with an exit status, without a core
// file. Definitions in crash.cpp, crash-posix.cpp and crash-win32.cpp.

#include "base/exit-status.h"

#include <cstdint>
#include <string>
#include <vector>

// Starts to watch for crashes, in every thread. To be called first, in main().
void watch_crashes();

struct sized_file {
    std::string path;
    uint64_t    size = 0;  // bytes
};

// The name of the program for the sentence, and the mapped files, which could be cut off.
void name_in_crashes(const std::string & program, const std::vector<sized_file> & mapped);

// The log that gets the sentence, and that the sentence names.
void name_log_in_crashes(const std::string & path);

// Limits of the system for this process (ulimit) that may be the cause of a failure: sentences, with a space before
// each. Empty if there are none. Signal handlers may call it.
const char * limit_hint();

// Writes these limits to the console, and why a thread could not start. For failures that end the program in the usual
// way.
void explain_limits();

// Writes why a library gave up, in the library's own words, and ends the program.
[[noreturn]] void end_by_library(const char * library, const char * message);

// Writes "NAME cannot continue: " and `cause`, and ends the program. Signal handlers may call it.
[[noreturn]] void end_by_crash(const char * cause, exit_status status);
