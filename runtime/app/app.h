#pragma once

// The process of a macOS bundle (artifact/bundle.h). Definitions in app-posix.cpp and app-win32.cpp.

#include "artifact/artifact.h"

#include <string>
#include <vector>

// The console output of an app's server goes to a file with this ending, beside the log.
constexpr const char * app_output_ending = "-console.txt";

// Whether the system opened this program as an app: it is in a bundle, and has no terminal and no arguments.
bool is_opened_as_app(const std::vector<std::string> & arguments);

// Starts the server as a child process, and shows an icon in the Dock until the server ends. A second double click, or
// a click on the icon, opens the page. Quit ends the server. An error at the start is shown in a window.
int run_app(const artifact & source);
