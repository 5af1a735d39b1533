#include "platform/residency.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

// mincore(2)
bool is_in_memory(std::FILE * file, uint64_t offset, size_t size) {
    const size_t page   = size_t(sysconf(_SC_PAGESIZE));
    void *       mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, fileno(file), off_t(offset));
    if (mapped == MAP_FAILED) {
        return true;
    }
#ifdef __APPLE__
    std::vector<char> pages((size + page - 1) / page);
#else
    std::vector<unsigned char> pages((size + page - 1) / page);
#endif
    const bool succeeded = mincore(mapped, size, pages.data()) == 0;
    munmap(mapped, size);
    return !succeeded || std::all_of(pages.begin(), pages.end(), [](auto state) { return state & 1; });
}
