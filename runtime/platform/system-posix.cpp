#include "platform/system.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>  // declares getentropy on macOS
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

// If a standard stream is closed, the next opened file gets its number, and output for the stream would go into that
// file. So closed streams are replaced: standard output still fails, and the others read and write nothing.
void prepare_console() {
    for (int stream = 0; stream <= 2; stream++) {
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == 2 ? O_WRONLY : O_RDONLY) < 0) {
            return;
        }
    }
}

bool console_is_own() {
    return false;
}

bool is_terminal(std::FILE * stream) {
    return isatty(fileno(stream)) == 1;
}

void keep_console_open() {}

static void (*interrupt_handler)();

void handle_interrupt(void (*handler)()) {
    interrupt_handler       = handler;
    struct sigaction action = {};  // without SA_RESTART
    action.sa_handler       = [](int) {
        interrupt_handler();
    };
    sigaction(SIGINT, &action, nullptr);
    action.sa_handler = [](int) {
    };
    sigaction(SIGALRM, &action, nullptr);
}

// The signal itself has ended the read, unless the read had a result already or had not begun.
void end_waiting_read() {
    alarm(1);
}

void forget_waiting_read() {
    alarm(0);
}

void keep_terminal_queues() {
    termios state;
    if (tcgetattr(STDIN_FILENO, &state) == 0) {
        state.c_lflag |= NOFLSH;
        tcsetattr(STDIN_FILENO, TCSANOW, &state);
    }
}

std::vector<std::string> utf8_arguments(int argc, char ** argv) {
    return std::vector<std::string>(argv, argv + argc);
}

std::string environment(const char * name) {
    const char * value = std::getenv(name);
    return value ? value : "";
}

void limit_memory(uint64_t bytes) {
    rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > bytes ? rlim_t(bytes) : limit.rlim_max;
        setrlimit(RLIMIT_AS, &limit);
    }
}

std::FILE * open_for_reading(const std::string & path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        return nullptr;
    }
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(file);
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return nullptr;
    }
    return fdopen(file, "rb");
}

std::FILE * make_file(const std::string & path) {
    unlink(path.c_str());
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return file < 0 ? nullptr : fdopen(file, "wb");
}

bool flush_to_disk(std::FILE * file) {
    return std::fflush(file) == 0 && fsync(fileno(file)) == 0;
}

// With an old kernel, or in a sandbox that forbids getrandom(2), the device may still work.
static bool read_random_device(unsigned char * bytes, size_t size) {
    const int  device = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    const bool good   = device >= 0 && read(device, bytes, size) == ssize_t(size);
    if (device >= 0) {
        close(device);
    }
    return good;
}

bool fill_with_random(unsigned char * bytes, size_t size) {
    return getentropy(bytes, size) == 0 || read_random_device(bytes, size);
}

bool seek_to(std::FILE * file, uint64_t offset) {
    return fseeko(file, off_t(offset), SEEK_SET) == 0;
}

int64_t size_of(std::FILE * file) {
    struct stat status;
    return fstat(fileno(file), &status) == 0 ? int64_t(status.st_size) : -1;
}
