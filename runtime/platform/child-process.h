#pragma once

// Programs of the system that this one starts, on Unix. Ctrl-C here does not end them.

#include "base/result.h"

#include <string>
#include <vector>

// Starts words[0], looked for in PATH, and does not wait for its end; its streams go nowhere. False where there is no
// such program.
bool start_detached(const std::vector<std::string> & words);

// The same with its output in a new file at `output`, nowhere where that is empty, and with a pipe as its input, which ends
// with this process, however that ends. The process's number.
result<int> start_process(const std::vector<std::string> & words, const std::string & output);

// The exit status of a process that start_process started, 128 and more where a signal ended it; -1 while it runs. Not to
// be asked again once it has ended.
int status_of_process(int process);

// Asks such a process to end (SIGTERM); signal handlers may call it.
void stop_process(int process);
