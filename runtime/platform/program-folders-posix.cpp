#include "base/text.h"
#include "platform/program-folders.h"
#include "platform/system.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

// The same as in templates/launcher/head.sh.j2.
std::vector<std::string> program_folders() {
    const auto                     home      = environment("HOME");
    const auto                     temporary = environment("TMPDIR");
    const std::vector<std::string> shared    = { temporary, "/tmp", "/var/tmp", "/dev/shm" };

    std::vector<std::string> bases = { environment("MKEXE_RUNTIME_DIR"), environment("XDG_CACHE_HOME"),
                                       home.empty() ? "" : home + "/.cache" };
    bases.insert(bases.end(), shared.begin(), shared.end());
    std::vector<std::string> folders;
    for (const auto & base : bases) {
        const bool is_shared = contains(shared, base);
        const auto folder    = base + (is_shared ? "/mkexe-" + std::to_string(getuid()) : "/mkexe/run");
        if (base.rfind('/', 0) == 0 && !contains(folders, folder)) {
            folders.push_back(folder);
        }
    }
    return folders;
}

// The name ends in the process id of the shell that writes the file; the second file also gets an x.
bool is_abandoned(const std::string & path) {
    const long process = std::strtol(path.c_str() + path.rfind('.') + 1, nullptr, 10);
    return process > 0 && kill(pid_t(process), 0) != 0 && errno == ESRCH;
}
