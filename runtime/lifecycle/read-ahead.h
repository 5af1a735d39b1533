#pragma once

// Brings the weights into the system's page cache while the model is loaded, and says how far that is: the loader maps
// the file and gets all of it in one call that tells nothing.

#include "artifact/manifest.h"

#include <functional>
#include <vector>

// Reads what is not in memory yet of these ranges, in their order. `on_read` gets the bytes of all ranges that are in
// memory so far; where it returns false, the rest is left.
void read_ahead(const std::vector<stored_range> & ranges, const std::function<bool(uint64_t)> & on_read);
