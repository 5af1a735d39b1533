#pragma once

// What this program says where it cannot go on: at a signal such as SIGSEGV, an abort, an exception that nobody caught.
// One sentence on the console and in the log, and an exit status instead of a signal; no core file. Definitions in
// crash.cpp, crash-posix.cpp and crash-win32.cpp.

#include "artifact.h"
#include "exit-status.h"

#include <string>

// From now on, in every thread. To be called first, by main's thread.
void watch_crashes();

// The file that the sentence names, and the files whose end may be missing when the mapped weights are read.
void name_in_crashes(const artifact & source);

// The log that the sentence names and is added to.
void name_log_in_crashes(const std::string & path);

// The system's limits for this process that may be the cause of a failure (ulimit), as sentences with a space before each;
// empty where there are none. May be called in a signal handler.
const char * limit_hint();

// Says them on the console, and why a thread could not start; for a failure that ends the program in its usual way.
void explain_limits();

// Says `cause`, which continues "NAME cannot go on: ", and ends the program. May be called in a signal handler.
[[noreturn]] void end_by_crash(const char * cause, exit_status status);
