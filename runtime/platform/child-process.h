#pragma once

// Programs of the system that this one starts, on Unix. Ctrl-C here does not end them.

#include "base/result.h"

#include <string>
#include <vector>

// Starts arguments[0], which it looks for in PATH, with its streams on /dev/null, and does not wait for its end. Returns
// false if there is no such program.
bool start_detached(const std::vector<std::string> & arguments);

struct started_process {
    int process = 0;   // its number
    int status  = -1;  // a descriptor: what it writes to its own descriptor `status_descriptor`, until it ends
};

constexpr int status_descriptor = 3;

// The same, but its output goes to a new file at `output` (to /dev/null if that is empty), and its input is a pipe that
// ends when this process ends, for whatever reason.
result<started_process> start_process(const std::vector<std::string> & arguments, const std::string & output);

// Reads the next line from a descriptor; false where there is none any more.
bool read_line_of(int descriptor, std::string & line);

// Waits for the end of a process that start_process() started; its exit status, 128 and more where a signal ended it.
int wait_for_process(int process);

// Asks such a process to end (SIGTERM); signal handlers may call it.
void stop_process(int process);
