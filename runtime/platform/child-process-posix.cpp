#include "base/environment.h"
#include "platform/child-process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
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

// `input` is a descriptor, or -1 for none.
static result<int> spawn(const std::vector<std::string> & words, int input, const char * output) {
    std::vector<char *> arguments;
    for (const auto & word : words) {
        arguments.push_back(const_cast<char *>(word.c_str()));
    }
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t streams;
    posix_spawn_file_actions_init(&streams);
    if (input < 0) {
        posix_spawn_file_actions_addopen(&streams, 0, "/dev/null", O_RDWR, 0);
    } else {
        posix_spawn_file_actions_adddup2(&streams, input, 0);
    }
    for (int stream = 1; stream <= 2; stream++) {
        posix_spawn_file_actions_addopen(&streams, stream, output, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    }
    // a group of its own: Ctrl-C here must not end the browser
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

    pid_t     child = 0;
    const int error =
        posix_spawnp(&child, arguments[0], &streams, &attributes, arguments.data(), child_environment().data());
    posix_spawn_file_actions_destroy(&streams);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        return failure{ words[0] + ": " + std::strerror(error) };
    }
    return int(child);
}

bool start_detached(const std::vector<std::string> & words) {
    const auto child = spawn(words, -1, "/dev/null");
    if (child) {
        std::thread([child] { waitpid(child.value(), nullptr, 0); }).detach();
    }
    return bool(child);
}

result<int> start_process(const std::vector<std::string> & words, const std::string & output) {
    unlink(output.c_str());
    int ends[2];
    if (pipe(ends) != 0) {
        return failure{ std::string("pipe: ") + std::strerror(errno) };
    }
    // neither is the child's under its own number; the second stays open here until this process ends
    for (const int end : ends) {
        fcntl(end, F_SETFD, FD_CLOEXEC);
    }
    const auto child = spawn(words, ends[0], output.empty() ? "/dev/null" : output.c_str());
    close(ends[0]);
    return child;
}

int status_of_process(int process) {
    int status = 0;
    if (waitpid(process, &status, WNOHANG) != process) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void stop_process(int process) {
    kill(process, SIGTERM);
}
