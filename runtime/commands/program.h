#pragma once

#include <string>
#include <vector>

// Runs the command that the command line names (the program's own name comes first); returns the exit status.
int run_program(const std::vector<std::string> & command_line);
