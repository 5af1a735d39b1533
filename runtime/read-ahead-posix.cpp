#include "read-ahead.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

static constexpr size_t piece_bytes = size_t(8) << 20;

// Whether all of this piece of the file is in memory (mincore(2)). `offset` is a multiple of the page size.
static bool is_in_memory(int file, uint64_t offset, size_t size) {
    const size_t page   = size_t(sysconf(_SC_PAGESIZE));
    void *       mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, off_t(offset));
    if (mapped == MAP_FAILED) {
        return true;  // nothing can be said: nothing is read
    }
#ifdef __APPLE__
    std::vector<char> pages((size + page - 1) / page);
#else
    std::vector<unsigned char> pages((size + page - 1) / page);
#endif
    const bool known = mincore(mapped, size, pages.data()) == 0;
    munmap(mapped, size);
    return !known || std::all_of(pages.begin(), pages.end(), [](auto state) { return state & 1; });
}

static bool read_piece(int file, uint64_t offset, size_t size, std::vector<char> & buffer) {
    for (size_t done = 0; done < size;) {
        const ssize_t count = pread(file, buffer.data(), std::min(buffer.size(), size - done), off_t(offset + done));
        if (count <= 0) {
            return false;  // the loader will meet it too, and say so
        }
        done += size_t(count);
    }
    return true;
}

void read_ahead(const std::vector<stored_range> & ranges, const std::function<void(uint64_t)> & on_read) {
    std::vector<char> buffer(size_t(1) << 20);
    uint64_t          total = 0;
    for (const auto & range : ranges) {
        const int file = open(range.path.c_str(), O_RDONLY | O_CLOEXEC);
        bool      good = file >= 0;
        for (uint64_t done = 0; good && done < range.size; done += piece_bytes) {
            const size_t size = size_t(std::min<uint64_t>(piece_bytes, range.size - done));
            good = is_in_memory(file, range.offset + done, size) || read_piece(file, range.offset + done, size, buffer);
            total += good ? size : 0;
            on_read(total);
        }
        if (file >= 0) {
            close(file);
        }
        if (!good) {
            return;
        }
    }
}
