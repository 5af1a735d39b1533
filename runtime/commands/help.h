#pragma once

// What --help says.

#include <string>

// The help of one command, or with an empty name that of the program. Returns the exit status.
int show_help(const std::string & program, const std::string & command);
