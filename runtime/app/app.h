#pragma once

// The process of a macOS bundle (artifact/bundle.h). Definitions in app-posix.cpp and app-win32.cpp.

#include "artifact/artifact.h"

#include <string>
#include <vector>

// What the server of an app says is written to NAME with this ending, beside its log.
constexpr const char * app_output_ending = "-console.txt";

// Whether the system opened this program as an app: it lies in a bundle, has no terminal and no arguments.
bool is_opened_as_app(const std::vector<std::string> & arguments);

// Starts the server as a process of its own and stays with an icon in the Dock until that ends: a second double click or a
// click on the icon opens the page, its Quit ends the server. What goes wrong at the start is shown in a window.
int run_app(const artifact & source);
