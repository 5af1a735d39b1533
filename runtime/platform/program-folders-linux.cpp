#include "platform/program-folders.h"

#include <dirent.h>
#include <unistd.h>

#include <climits>

std::vector<std::string> running_programs() {
    std::vector<std::string> programs;
    DIR *                    processes = opendir("/proc");
    while (const dirent * entry = processes ? readdir(processes) : nullptr) {
        char          path[PATH_MAX];
        const auto    link = std::string("/proc/") + entry->d_name + "/exe";
        const ssize_t length =
            entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? readlink(link.c_str(), path, sizeof(path)) : -1;
        if (length > 0) {
            programs.emplace_back(path, size_t(length));
        }
    }
    if (processes) {
        closedir(processes);
    }
    return programs;
}
