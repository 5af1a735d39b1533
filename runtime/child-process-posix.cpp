#include "artifact.h"
#include "child-process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>
#include <thread>

extern char ** environ;

// This program's environment without what the launcher's head put into it for this program alone.
static std::vector<char *> child_environment() {
    const std::string   prefix = std::string(artifact_variable) + "=";
    std::vector<char *> variables;
    for (char ** variable = environ; *variable; variable++) {
        if (std::strncmp(*variable, prefix.c_str(), prefix.size()) != 0) {
            variables.push_back(*variable);
        }
    }
    variables.push_back(nullptr);
    return variables;
}

bool start_detached(const std::vector<std::string> & words) {
    std::vector<char *> arguments;
    for (const auto & word : words) {
        arguments.push_back(const_cast<char *>(word.c_str()));
    }
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t streams;
    posix_spawn_file_actions_init(&streams);
    for (int stream = 0; stream <= 2; stream++) {
        posix_spawn_file_actions_addopen(&streams, stream, "/dev/null", O_RDWR, 0);
    }
    // a group of its own: Ctrl-C here must not end the browser
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

    pid_t      child = 0;
    const bool good =
        posix_spawnp(&child, arguments[0], &streams, &attributes, arguments.data(), child_environment().data()) == 0;
    posix_spawn_file_actions_destroy(&streams);
    posix_spawnattr_destroy(&attributes);
    if (good) {
        std::thread([child] { waitpid(child, nullptr, 0); }).detach();
    }
    return good;
}
