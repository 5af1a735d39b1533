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

// The environment without the variables for this program only.
static std::vector<char *> child_environment() {
    const auto is_ours = [](const char * variable) {
        for (const std::string name : { artifact_variable, notify_variable }) {
            if (std::strncmp(variable, (name + "=").c_str(), name.size() + 1) == 0) {
                return true;
            }
        }
        return false;
    };
    std::vector<char *> variables;
    for (char ** variable = environ; *variable; variable++) {
        if (!is_ours(*variable)) {
            variables.push_back(*variable);
        }
    }
    variables.push_back(nullptr);
    return variables;
}

// `input` and `status` are descriptors, or -1 for none.
static result<int> spawn(const std::vector<std::string> & arguments, int input, const char * output, int status) {
    std::vector<char *> argv;
    for (const auto & argument : arguments) {
        argv.push_back(const_cast<char *>(argument.c_str()));
    }
    argv.push_back(nullptr);

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
    if (status >= 0) {
        posix_spawn_file_actions_adddup2(&streams, status, status_descriptor);
    }
    // a separate process group, because Ctrl-C in this program must not end the browser
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);

    pid_t     child = 0;
    const int error = posix_spawnp(&child, argv[0], &streams, &attributes, argv.data(), child_environment().data());
    posix_spawn_file_actions_destroy(&streams);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        return failure{ arguments[0] + ": " + std::strerror(error) };
    }
    return int(child);
}

bool start_detached(const std::vector<std::string> & arguments) {
    const auto child = spawn(arguments, -1, "/dev/null", -1);
    if (child) {
        std::thread([child] { waitpid(child.value(), nullptr, 0); }).detach();
    }
    return bool(child);
}

// Child processes inherit neither end. Both get numbers that no child uses for its streams. Returns false on failure.
static bool make_pipe(int (&ends)[2]) {
    static constexpr int above_streams = 10;

    if (pipe(ends) != 0) {
        return false;
    }
    for (int & end : ends) {
        const int moved = fcntl(end, F_DUPFD_CLOEXEC, above_streams);
        close(end);
        end = moved;
    }
    return ends[0] >= 0 && ends[1] >= 0;
}

result<started_process> start_process(const std::vector<std::string> & arguments, const std::string & output) {
    unlink(output.c_str());
    int input[2], status[2];
    if (!make_pipe(input) || !make_pipe(status)) {
        return failure{ std::string("pipe: ") + std::strerror(errno) };
    }
    // the writing end of its input stays open until this process ends
    const auto child = spawn(arguments, input[0], output.empty() ? "/dev/null" : output.c_str(), status[1]);
    close(input[0]);
    close(status[1]);
    if (!child) {
        return failure{ child.message() };
    }
    return started_process{ child.value(), status[0] };
}

bool read_line_of(int descriptor, std::string & line) {
    line.clear();
    for (char letter;;) {
        const auto count = read(descriptor, &letter, 1);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0 || letter == '\n') {
            return count > 0;
        }
        line += letter;
    }
}

int wait_for_process(int process) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void stop_process(int process) {
    kill(process, SIGTERM);
}
