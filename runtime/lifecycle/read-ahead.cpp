#include "lifecycle/read-ahead.h"

#include "platform/residency.h"
#include "platform/system.h"

#include <algorithm>
#include <memory>

static constexpr size_t piece_bytes = size_t(8) << 20;

static bool read_piece(std::FILE * file, uint64_t offset, size_t size, std::vector<char> & buffer) {
    bool good = seek_to(file, offset);
    for (size_t done = 0; good && done < size;) {
        const size_t count = std::fread(buffer.data(), 1, std::min(buffer.size(), size - done), file);
        good               = count > 0;  // after an error the loader gets the same one, and reports it
        done += count;
    }
    return good;
}

void read_ahead(const std::vector<stored_range> & ranges, const std::function<bool(uint64_t)> & on_read) {
    std::vector<char> buffer(size_t(1) << 20);
    uint64_t          total = 0;
    for (const auto & range : ranges) {
        const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(open_for_reading(range.path), std::fclose);
        if (!file) {
            return;
        }
        std::setvbuf(file.get(), nullptr, _IONBF, 0);
        for (uint64_t done = 0; done < range.size; done += piece_bytes) {
            const auto size   = size_t(std::min<uint64_t>(piece_bytes, range.size - done));
            const auto offset = range.offset + done;
            if (!is_in_memory(file.get(), offset, size) && !read_piece(file.get(), offset, size, buffer)) {
                return;
            }
            total += size;
            if (!on_read(total)) {
                return;
            }
        }
    }
}
