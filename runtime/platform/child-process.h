#pragma once

// Starts programs of the system, on Unix. Ctrl-C in this program does not end them.

#include "base/result.h"

#include <string>
#include <vector>

// Starts arguments[0], which it looks for in PATH, with its streams on /dev/null, and does not wait for its end. Returns
// false if there is no such program.
bool start_detached(const std::vector<std::string> & arguments);

struct started_process {
    int process = 0;   // its process id
    int status  = -1;  // the reading end of a pipe whose other end is the child's descriptor `status_descriptor`
};

constexpr int status_descriptor = 3;

// The same, but its output goes to a new file at `output` (to /dev/null if that is empty), and its input is a pipe that
// ends when this process ends, for whatever reason.
result<started_process> start_process(const std::vector<std::string> & arguments, const std::string & output);

// Reads the next line from a descriptor. Returns false if there is none.
bool read_line_of(int descriptor, std::string & line);

// Waits for the end of a process that start_process() started. Returns its exit status; 128 and more if a signal ended
// it.
int wait_for_process(int process);

// Asks such a process to end (SIGTERM). Signal handlers may call it.
void stop_process(int process);
