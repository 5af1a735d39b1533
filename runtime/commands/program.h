#pragma once

#include <string>
#include <vector>

// Runs the command that the arguments name (the program's own name first); returns the exit status.
int run_program(const std::vector<std::string> & arguments);
