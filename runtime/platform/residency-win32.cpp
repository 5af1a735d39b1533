#include "platform/residency.h"

// Reading what is there already costs a copy in memory, until the loader is ready.
bool is_in_memory(std::FILE *, uint64_t, size_t) {
    return false;
}
