#pragma once

// llama.cpp's log: it goes to a file, and to the console only where that was asked for.

#include <string>

void show_log_on_console(bool shown);

// The first errors that llama.cpp logged, one a line; empty where there was none. Later ones follow from them.
std::string first_log_errors();
