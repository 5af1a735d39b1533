#pragma once

// Layout app: a macOS bundle, NAME.app/Contents, with the program in MacOS and the artifact in Resources (Apple's Bundle
// Programming Guide). Definitions in app.cpp, app-posix.cpp and app-win32.cpp.

#include "artifact.h"

#include <string>
#include <vector>

// The artifact of the bundle that has `executable` as its program; empty where it is in none. Names only, nothing is
// looked at.
std::string bundled_artifact(const std::string & executable);

// Whether the system opened this program as an app: it lies in a bundle, has no terminal and no arguments.
bool is_opened_as_app(const std::vector<std::string> & arguments);

// Starts the server as a process of its own and ends when that is ready: a system that takes an app for running would
// not start it again, and a second double click must open the page. What goes wrong before that is shown in a window.
int run_app(const artifact & source);
