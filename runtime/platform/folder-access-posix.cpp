#include "platform/folder-access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

// The folder that contains `path`; empty for the root.
static std::string parent_of(const std::string & path) {
    const size_t end   = path.find_last_not_of('/');
    const size_t slash = end == std::string::npos ? end : path.find_last_of('/', end);
    if (slash == std::string::npos) {
        return end == std::string::npos || path == "." ? "" : ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

static std::string problem_with(const std::string & path, int error) {
    return path + ": " + std::strerror(error);
}

std::string problem_of_writing_in(const std::string & folder) {
    for (std::string path = folder; !path.empty(); path = parent_of(path)) {
        struct stat status;
        if (stat(path.c_str(), &status) == 0) {
            if (!S_ISDIR(status.st_mode)) {
                return problem_with(path, ENOTDIR);
            }
            return access(path.c_str(), W_OK | X_OK) == 0 ? "" : problem_with(path, errno);
        }
        const int error = errno;
        // a broken link prevents the folder
        if (error != ENOENT || lstat(path.c_str(), &status) == 0) {
            return problem_with(path, error);
        }
    }
    return problem_with(folder, ENOENT);
}
