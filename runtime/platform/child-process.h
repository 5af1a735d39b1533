#pragma once

// Programs of the system that this one starts, on Unix. Ctrl-C here does not end them.

#include "base/result.h"

#include <string>
#include <vector>

// Starts words[0], looked for in PATH, and does not wait for its end; its streams go nowhere. False where there is no
// such program.
bool start_detached(const std::vector<std::string> & arguments);

struct started_process {
    int process = 0;   // its number
    int status  = -1;  // a descriptor: what it writes to its own descriptor `status_descriptor`, until it ends
};

constexpr int status_descriptor = 3;

// The same with its output in a new file at `output`, nowhere where that is empty, and with a pipe as its input, which ends
// with this process, however that ends.
result<started_process> start_process(const std::vector<std::string> & arguments, const std::string & output);

// Reads the next line from a descriptor; false where there is none any more.
bool read_line_of(int descriptor, std::string & line);

// Waits for the end of a process that start_process() started; its exit status, 128 and more where a signal ended it.
int wait_for_process(int process);

// Asks such a process to end (SIGTERM); signal handlers may call it.
void stop_process(int process);
