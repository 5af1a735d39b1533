#include "file-lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

lock_result take_lock(const std::string & path) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return lock_result::failed;
    }
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        return lock_result::taken;  // `file` stays open: the lock lives as long as it
    }
    const bool held = errno == EWOULDBLOCK;
    close(file);
    return held ? lock_result::held_by_another : lock_result::failed;
}
