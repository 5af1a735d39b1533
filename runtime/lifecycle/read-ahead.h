#pragma once

// Reads the weights into the system's page cache while the model is loading, and reports the progress. The loader
// cannot report it, because it maps the file in one call.

#include "artifact/manifest.h"

#include <functional>
#include <vector>

// Reads the parts of these ranges that are not in memory, in order. `on_read` gets the number of bytes that are in
// memory so far. If it returns false, the function stops.
void read_ahead(const std::vector<stored_range> & ranges, const std::function<bool(uint64_t)> & on_read);
