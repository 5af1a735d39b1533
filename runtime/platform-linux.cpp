#include "platform.h"

#include <climits>
#include <unistd.h>

std::string executable_path() {
    char          path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    return length > 0 && length < ssize_t(sizeof(path)) ? std::string(path, length) : "";
}
