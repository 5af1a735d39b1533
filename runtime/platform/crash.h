#pragma once

// What this program says where it cannot go on: at a signal such as SIGSEGV, an abort, an exception that nobody caught.
// One sentence on the console and in the log, and an exit status instead of a signal; no core file. Definitions in
// crash.cpp, crash-posix.cpp and crash-win32.cpp.

#include "base/exit-status.h"

#include <cstdint>
#include <string>
#include <vector>

// From now on, in every thread. To be called first, by main's thread.
void watch_crashes();

struct sized_file {
    std::string path;
    uint64_t    size = 0;  // bytes
};

// The program that the sentence names, and the files whose end may be missing while they are mapped.
void name_in_crashes(const std::string & program, const std::vector<sized_file> & mapped);

// The log that the sentence names and is added to.
void name_log_in_crashes(const std::string & path);

// The system's limits for this process that may be the cause of a failure (ulimit), as sentences with a space before each;
// empty where there are none. May be called in a signal handler.
const char * limit_hint();

// Says them on the console, and why a thread could not start; for a failure that ends the program in its usual way.
void explain_limits();

// Says why a library gave up, in its own words, and ends the program.
[[noreturn]] void end_by_library(const char * library, const char * message);

// Says `cause`, which continues "NAME cannot go on: ", and ends the program. May be called in a signal handler.
[[noreturn]] void end_by_crash(const char * cause, exit_status status);
