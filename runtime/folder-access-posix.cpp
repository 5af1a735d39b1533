#include "folder-access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

// The folder that `path` is in; empty for the root.
static std::string parent_of(const std::string & path) {
    const size_t end   = path.find_last_not_of('/');
    const size_t slash = end == std::string::npos ? end : path.find_last_of('/', end);
    if (slash == std::string::npos) {
        return end == std::string::npos || path == "." ? "" : ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool may_write_in(const std::string & folder) {
    for (std::string path = folder; !path.empty(); path = parent_of(path)) {
        struct stat status;
        if (stat(path.c_str(), &status) == 0) {
            return S_ISDIR(status.st_mode) && access(path.c_str(), W_OK | X_OK) == 0;
        }
        // a link that leads nowhere is in the way
        if (errno != ENOENT || lstat(path.c_str(), &status) == 0) {
            return false;
        }
    }
    return false;
}
