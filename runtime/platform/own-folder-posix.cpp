#include "platform/own-folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// With the umask 002, which Debian uses for users with their own group, the group can write to folders.
static bool close_to_group(int folder, mode_t mode) {
    return (mode & S_IWGRP) == 0 || fchmod(folder, mode & 07777 & ~mode_t(S_IWGRP)) == 0;
}

bool is_own_folder(const std::string & path, folder_link link) {
    struct stat status;
    if (lstat(path.c_str(), &status) != 0 || status.st_uid != geteuid()) {
        return false;
    }
    const int flags  = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (link == folder_link::refused ? O_NOFOLLOW : 0);
    const int folder = open(path.c_str(), flags);
    if (folder < 0) {
        return false;
    }
    const bool own = fstat(folder, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & S_IWOTH) == 0 &&
                     close_to_group(folder, status.st_mode);
    close(folder);
    return own;
}

static bool is_open_to_all(const std::string & folder) {
    struct stat status;
    return stat(folder.empty() ? "/" : folder.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0;
}

bool is_planted(const std::string & path) {
    struct stat status;
    for (size_t end = 0; end != std::string::npos;) {
        end             = path.find('/', end + 1);
        const auto part = path.substr(0, end);
        if (lstat(part.c_str(), &status) != 0) {
            return false;
        }
        const bool is_foreign = status.st_uid != geteuid() && status.st_uid != 0;
        if (is_foreign && is_open_to_all(part.substr(0, part.rfind('/')))) {
            return true;
        }
    }
    return false;
}
