#include "lifecycle/log-file.h"

#include "platform/file-lock.h"
#include "platform/files.h"
#include "platform/own-folder.h"
#include "platform/user-folders.h"

static constexpr int max_logs = 100;

// Replaces a file that cannot be locked, such as a link.
static lock_result take_log(const std::string & path, file_lock & lock) {
    const auto first = lock.take(path);
    return first == lock_result::failed && make_empty_file(path) ? lock.take(path) : first;
}

log_file claim_log_file(const artifact & source, bool first) {
    const auto folder = find_user_folders().state;
    if (folder.empty() || make_folder(folder).problem != write_problem::none ||
        !is_own_folder(folder, folder_link::ours_leads_there)) {
        return {};
    }
    for (int number = first ? 1 : 2; number <= max_logs; number++) {
        const auto ending = number == 1 ? std::string() : "-" + std::to_string(number);
        const auto path   = native_path(folder + "/" + source.contents.name + ending + ".log");
        file_lock  lock;
        const auto result = take_log(path, lock);
        if (result == lock_result::taken) {
            return lock.write("") ? log_file{ path, std::move(lock) } : log_file{};
        }
        if (result == lock_result::failed) {
            return {};
        }
    }
    return {};
}
