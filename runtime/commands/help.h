#pragma once

// The texts of --help.

#include <string>

// Prints the help of one command, or the help of the program if the name is empty. Returns the exit status.
int show_help(const std::string & program, const std::string & command);
