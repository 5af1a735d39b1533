#pragma once

#include <string>

// Whether a file could be made in this folder now, or in the folders above it that would have to be made first. Makes
// nothing. Path in UTF-8; definitions in folder-access-posix.cpp and folder-access-win32.cpp.
bool may_write_in(const std::string & folder);
