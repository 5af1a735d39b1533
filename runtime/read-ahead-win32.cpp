#include "read-ahead.h"

// Windows does not say which parts of a file are in its cache; the loader asks it to fetch all (PrefetchVirtualMemory).
void read_ahead(const std::vector<stored_range> &, const std::function<void(uint64_t)> & on_read) {
    on_read(0);
}
