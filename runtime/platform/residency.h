#pragma once

// Which parts of a file are in memory. Defined in residency-posix.cpp and residency-win32.cpp.

#include <cstdint>
#include <cstdio>

// Whether this piece of the file is completely in memory; also true if the system does not tell. On Windows always
// false, because Windows tells nobody. `offset` is a multiple of the page size.
bool is_in_memory(std::FILE * file, uint64_t offset, size_t size);
