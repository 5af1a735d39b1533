#include "base/exit-status.h"
#include "base/safe-text.h"
#include "commands/commands.h"
#include "platform/console.h"
#include "platform/files.h"
#include "platform/system.h"

#include <cstdio>
#include <memory>

// What is wrong with a range; empty if nothing is.
static std::string check_range(const stored_range & range) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(open_for_reading(range.path), std::fclose);
    if (!file) {
        return "cannot be read: " + reading_problem();
    }
    if (!seek_to(file.get(), range.offset)) {
        return "cannot be read";
    }
    std::vector<char> buffer(1 << 20);
    sha256_hasher     hasher;
    for (uint64_t left = range.size; left > 0;) {
        const size_t count = std::fread(buffer.data(), 1, left < buffer.size() ? left : buffer.size(), file.get());
        if (count == 0) {
            return "ends " + std::to_string(left) + " bytes early";
        }
        hasher.update(buffer.data(), count);
        left -= count;
    }
    if (std::fgetc(file.get()) != EOF && range.is_beside) {
        return "is longer than " + std::to_string(range.size) + " bytes";
    }
    const auto found = hasher.finish();
    return found == range.sha256 ? "" : "expected " + to_hex(range.sha256) + ", found " + to_hex(found);
}

int verify(const artifact & source) {
    int damaged = 0;
    for (const auto & range : all_ranges(source.contents)) {
        const auto name    = range.name.empty() ? "the program" : safe_line(range.name);
        const auto problem = check_range(range);
        std::printf("%s  %s\n", problem.empty() ? "good   " : "DAMAGED", name.c_str());
        if (!problem.empty()) {
            say(safe_line(range.path) + ": " + name + " at offset " + std::to_string(range.offset) + ": " + problem);
            damaged++;
        }
    }
    if (damaged > 0) {
        say(damaged_hint);
        return exit_damaged;
    }
    return exit_good;
}
