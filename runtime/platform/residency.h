#pragma once

// What the system holds in memory of a file. Defined in residency-posix.cpp and residency-win32.cpp.

#include <cstdint>
#include <cstdio>

// Whether all of this piece of the file is in memory, or nothing can be said of it; on Windows, which tells nobody, always
// false. `offset` is a multiple of the page size.
bool is_in_memory(std::FILE * file, uint64_t offset, size_t size);
