#include "platform/program-folders.h"
#include "platform/system.h"

#include <chrono>
#include <filesystem>

namespace fs = std::filesystem;

static constexpr auto longest_start = std::chrono::minutes(10);

// The same as in templates/launcher/head.cmd.j2.
std::vector<std::string> program_folders() {
    auto base = environment("LOCALAPPDATA");
    if (base.empty()) {
        base = environment("TEMP");
    }
    return base.empty() ? std::vector<std::string>() : std::vector<std::string>{ base + "\\mkexe\\run" };
}

// The name does not say which process writes the file, but no start takes so long.
bool is_abandoned(const std::string & path) {
    std::error_code error;
    const auto      changed = fs::last_write_time(fs::u8path(path), error);
    return !error && fs::file_time_type::clock::now() - changed > longest_start;
}

std::vector<std::string> running_programs() {
    return {};
}
