#pragma once

#include <string>

// Why no file could be made in this folder now, or in the folders above it that would have to be made first: the path
// that is in the way and the system's reason. Empty where one could. Makes nothing. Path in UTF-8; definitions in
// folder-access-posix.cpp and folder-access-win32.cpp.
std::string problem_of_writing_in(const std::string & folder);
