#include "api/page-key.h"

#include "platform/files.h"
#include "platform/own-folder.h"
#include "platform/random-name.h"
#include "platform/user-folders.h"

static constexpr size_t key_digits = 32;

static bool is_key(const std::string & text) {
    return text.size() == key_digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string page_key() {
    const auto folder = find_user_folders().state;
    if (folder.empty()) {
        return "";
    }
    if (make_folder(folder).problem != write_problem::none || !is_own_folder(folder, folder_link::ours_leads_there)) {
        return "";  // another user who can write there could choose the key
    }
    const auto path = folder + "/page.key";
    if (const auto stored = read_file(path); stored && is_key(stored.value())) {
        return stored.value();
    }
    const auto key = random_name();
    if (key.empty() || write_file(path, key).problem != write_problem::none) {
        return "";
    }
    const auto written = read_file(path);  // if two first starts run at the same time, both use the later key
    return written && is_key(written.value()) ? written.value() : "";
}
