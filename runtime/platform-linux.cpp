#include "platform.h"

#include <unistd.h>

#include <climits>

std::string executable_path() {
    char          path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    return length > 0 && length < ssize_t(sizeof(path)) ? std::string(path, length) : "";
}
