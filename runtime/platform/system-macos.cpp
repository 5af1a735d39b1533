#include "platform/system.h"

#include <mach-o/dyld.h>

#include <climits>
#include <cstdlib>

std::string executable_path() {
    char     path[PATH_MAX];
    uint32_t size = sizeof(path);
    if (_NSGetExecutablePath(path, &size) != 0) {
        return "";
    }
    char resolved[PATH_MAX];
    return realpath(path, resolved) ? resolved : path;
}
