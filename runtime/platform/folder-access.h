#pragma once

#include <string>

// Why no file can be made in this folder, or in a folder above it that is missing: the path that prevents it and the
// system's reason. Empty if a file can be made. Makes nothing. The path is UTF-8. Definitions in
// folder-access-posix.cpp and folder-access-win32.cpp.
std::string problem_of_writing_in(const std::string & folder);
