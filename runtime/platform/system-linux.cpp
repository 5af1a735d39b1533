#include "platform/system.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

// The name that execve got (getauxval(3), AT_EXECFN): the only source if /proc is not mounted.
static std::string started_path() {
    const auto * name = reinterpret_cast<const char *>(getauxval(AT_EXECFN));
    char         path[PATH_MAX];
    return name && realpath(name, path) ? path : "";
}

std::string executable_path() {
    char          path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
    return length > 0 && length < ssize_t(sizeof(path)) ? std::string(path, length) : started_path();
}
