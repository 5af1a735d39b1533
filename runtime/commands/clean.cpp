#include "commands/clean.h"

#include "app/app.h"
#include "base/exit-status.h"
#include "base/safe-text.h"
#include "base/text.h"
#include "platform/console.h"
#include "platform/file-lock.h"
#include "platform/files.h"
#include "platform/own-folder.h"
#include "platform/program-folders.h"
#include "platform/system.h"
#include "platform/user-folders.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>

namespace fs = std::filesystem;

static fs::path to_path(const std::string & path) {
    return fs::u8path(path);
}

// The sorted names in a folder. None if another user could have changed the folder.
static std::vector<std::string> list_own_folder(const std::string & folder, folder_link link) {
    std::vector<std::string> names;
    if (!is_own_folder(folder, link)) {
        return names;
    }
    std::error_code error;
    for (fs::directory_iterator entry(to_path(folder), error), end; !error && entry != end; entry.increment(error)) {
        names.push_back(entry->path().filename().u8string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

void clear_abandoned_programs() {
    for (const auto & folder : program_folders()) {
        for (const auto & name : list_own_folder(folder, folder_link::refused)) {
            const auto path = folder + "/" + name;
            if (is_unfinished_program(name) && is_abandoned(path)) {
                std::error_code error;
                fs::remove_all(to_path(path), error);
            }
        }
    }
}

static std::string canonical(const std::string & path) {
    std::error_code error;
    const auto      real = fs::canonical(to_path(path), error);
    return error ? path : real.u8string();
}

namespace {

enum class fate { removed, in_use, failed };

// Counts files, and prints what happens to each.
class cleaner {
  public:
    void take(const std::string & path, const std::function<fate(const std::string &)> & remove) {
        std::error_code error;
        if (fs::symlink_status(to_path(path), error).type() != fs::file_type::regular) {
            return;
        }
        const auto size = fs::file_size(to_path(path), error);
        const auto what = remove(path);
        const auto name = safe_line(native_path(path));
        if (what == fate::removed) {
            count_++;
            bytes_ += error ? 0 : size;
            std::printf("removed  %s, %s\n", name.c_str(), megabytes(error ? 0 : double(size)).c_str());
        } else if (what == fate::in_use) {
            std::printf("in use   %s\n", name.c_str());
        } else {
            say(name + ": cannot be removed");
            failures_++;
        }
    }

    int finish() const {
        std::printf("removed %d file%s, %s\n", count_, count_ == 1 ? "" : "s", megabytes(double(bytes_)).c_str());
        return failures_ > 0 ? exit_failed : exit_good;
    }

  private:
    int      count_    = 0;
    int      failures_ = 0;
    uint64_t bytes_    = 0;
};

}  // namespace

// Every start of this artifact needs its own program.
static std::vector<std::string> programs_in_use() {
    auto programs = running_programs();
    programs.push_back(canonical(executable_path()));
    return programs;
}

static void remove_programs(cleaner & cleaning) {
    const auto used = programs_in_use();
    for (const auto & folder : program_folders()) {
        for (const auto & name : list_own_folder(folder, folder_link::refused)) {
            if (is_stored_program(name)) {
                cleaning.take(folder + "/" + name, [&](const std::string & path) {
                    const bool runs = contains(used, canonical(path));
                    return runs ? fate::in_use : remove_file(path) ? fate::removed : fate::in_use;
                });
            }
        }
    }
}

// As long as a server runs, it holds the locks of its log and of its artifact. An app holds the lock of its server's
// output.
static fate remove_unlocked(const std::string & path) {
    file_lock lock;
    switch (lock.take(path)) {
        case lock_result::taken:
            return lock.remove() ? fate::removed : fate::failed;
        case lock_result::held_by_another:
            return fate::in_use;
        default:  // for example one of an older version, which a group may write to
            return remove_file(path) ? fate::removed : fate::failed;
    }
}

int clean(const artifact &) {
    const auto folders = find_user_folders();
    cleaner    cleaning;
    remove_programs(cleaning);
    for (const auto & name : list_own_folder(folders.state, folder_link::ours_leads_there)) {
        if (ends_with(name, ".log") || ends_with(name, app_output_ending)) {
            cleaning.take(folders.state + "/" + name, remove_unlocked);
        }
    }
    for (const auto & name : list_own_folder(folders.run, folder_link::refused)) {
        if (ends_with(name, ".lock") && is_stored_program(name.substr(0, name.size() - 5))) {
            cleaning.take(folders.run + "/" + name, remove_unlocked);
        }
    }
    return cleaning.finish();
}
