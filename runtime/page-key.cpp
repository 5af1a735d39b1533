#include "page-key.h"

#include "files.h"
#include "platform.h"
#include "user-folders.h"

static constexpr size_t key_bytes = 16;

static bool is_key(const std::string & text) {
    return text.size() == 2 * key_bytes && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

static std::string new_key() {
    unsigned char bytes[key_bytes];
    if (!fill_with_random(bytes, sizeof(bytes))) {
        return "";
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

std::string page_key() {
    const auto folder = find_user_folders().state;
    if (folder.empty()) {
        return "";
    }
    const auto path = folder + "/page.key";
    if (const auto kept = read_file(path); kept && is_key(kept.value())) {
        return kept.value();
    }
    const auto key = new_key();
    if (key.empty() || make_folder(folder).problem != write_problem::none) {
        return "";
    }
    if (write_file(path, key).problem != write_problem::none) {
        return "";
    }
    const auto written = read_file(path);  // of two first starts at once, both take the later one's
    return written && is_key(written.value()) ? written.value() : "";
}
