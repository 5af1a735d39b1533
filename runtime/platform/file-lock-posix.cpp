#include "platform/file-lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

// Whether this is an ordinary file of this user with only one name. If others can write to it, they could have made it.
static bool is_own_file(int file) {
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() && status.st_nlink == 1 &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_own_file(const std::string & path, int flags) {
    const int file = open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (file >= 0 && !is_own_file(file)) {
        close(file);
        return -1;
    }
    return file;
}

// Whether the path still leads to this file: `clean` may have removed it before the lock was taken.
static bool is_still_there(const std::string & path, int file) {
    struct stat opened, by_path;
    return fstat(file, &opened) == 0 && lstat(path.c_str(), &by_path) == 0 && opened.st_ino == by_path.st_ino &&
           opened.st_dev == by_path.st_dev;
}

static lock_result try_to_lock(const std::string & path, int & file) {
    file = open_own_file(path, O_RDWR | O_CREAT);
    if (file < 0) {
        return lock_result::failed;
    }
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        return lock_result::taken;
    }
    const bool by_another = errno == EWOULDBLOCK;
    close(file);
    return by_another ? lock_result::held_by_another : lock_result::failed;
}

void file_lock::release() {
    if (file_ >= 0) {
        close(int(file_));
    }
    file_ = -1;
}

lock_result file_lock::take(const std::string & path) {
    static constexpr int tries = 5;  // a try fails only if somebody removes the file at that moment

    for (int i = 0; i < tries; i++) {
        int        file   = -1;
        const auto result = try_to_lock(path, file);
        if (result != lock_result::taken) {
            return result;
        }
        if (is_still_there(path, file)) {
            release();
            path_ = path;
            file_ = file;
            return lock_result::taken;
        }
        close(file);
    }
    return lock_result::failed;
}

bool file_lock::write(const std::string & content) const {
    return file_ >= 0 && ftruncate(int(file_), 0) == 0 &&
           pwrite(int(file_), content.data(), content.size(), 0) == ssize_t(content.size());
}

bool file_lock::remove() {
    const bool removed = file_ >= 0 && unlink(path_.c_str()) == 0;
    release();
    return removed;
}

std::string read_lock(const std::string & path) {
    const int file = open_own_file(path, O_RDONLY);
    if (file < 0) {
        return "";
    }
    char          content[4096];
    const ssize_t size = pread(file, content, sizeof(content), 0);
    close(file);
    return size > 0 ? std::string(content, size_t(size)) : "";
}
