#include "platform/crash-words.h"
#include "platform/crash.h"
#include "platform/realigned-stack.h"
#include "platform/signal-stack.h"
#include "platform/terminal-state.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

// Used if standard error is a pipe that nobody reads any more.
static constexpr unsigned write_timeout_s = 2;

static std::atomic<bool> speaking = false;
static pthread_t         speaker;
static fixed_text        limits;

const char * limit_hint() {
    return limits.begin();
}

static bool is_limited(int resource, rlimit & limit) {
    return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

static constexpr rlim_t usual_files = 64;  // fewer may not be enough

// In kilobytes, as the shell's ulimit counts.
static void note_limits() {
    rlimit limit = {};
    limits       = fixed_text();
    if (is_limited(RLIMIT_AS, limit)) {
        limits.add(" Its address space is limited to ").add_number(limit.rlim_cur / 1024);
        limits.add(" KiB (ulimit -v); a larger model needs more.");
    }
    if (is_limited(RLIMIT_DATA, limit)) {
        limits.add(" Its data are limited to ").add_number(limit.rlim_cur / 1024).add(" KiB (ulimit -d).");
    }
    if (is_limited(RLIMIT_NOFILE, limit) && limit.rlim_cur < usual_files) {
        limits.add(" It may have no more than ").add_number(limit.rlim_cur).add(" files open (ulimit -n).");
    }
}

bool size_of_path(const char * path, uint64_t & size) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return false;
    }
    size = uint64_t(status.st_size);
    return true;
}

void begin_last_words() {
    if (!speaking.exchange(true)) {
        speaker = pthread_self();
        return;
    }
    if (pthread_equal(speaker, pthread_self())) {
        _exit(exit_crashed);  // an error while reporting the first one
    }
    while (true) {
        pause();
    }
}

static void write_all(int file, const fixed_text & text) {
    for (size_t done = 0; done < text.size();) {
        const ssize_t count = write(file, text.begin() + done, text.size() - done);
        if (count <= 0) {
            return;
        }
        done += size_t(count);
    }
}

static exit_status status_at_end = exit_crashed;

void end_with_words(const fixed_text & text, exit_status status) {
    status_at_end = status;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, [](int) { _exit(status_at_end); });
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarms, nullptr);
    alarm(write_timeout_s);
    // first the writes that cannot block
    const int log = crash_log()[0] == '\0' ? -1 : open(crash_log(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (log >= 0) {
        write_all(log, text);
    }
    restore_terminal();
    write_all(STDERR_FILENO, text);
    _exit(status);
}

static const char * describe(int number) {
    switch (number) {
        case SIGSEGV:
            return "an invalid access to memory (SIGSEGV)";
        case SIGBUS:
            return "an invalid access to memory (SIGBUS)";
        case SIGFPE:
            return "an arithmetic error (SIGFPE)";
        case SIGILL:
            return "an instruction that this processor does not know (SIGILL)";
        case SIGTRAP:
            return "a failed check in the program (SIGTRAP)";
        case SIGSYS:
            return "a call that this system forbids (SIGSYS)";
        case SIGXCPU:
            return "it has used all its processor time (ulimit -t)";
        default:
            return "it stopped itself (SIGABRT)";
    }
}

static bool has_address(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
}

static void explain_signal(int number, const siginfo_t * info) {
    const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    fixed_text cause;
    if ((number == SIGSEGV || number == SIGBUS) && info->si_code > 0 && is_end_of_stack(address)) {
        cause.add("the stack of a thread is full, ").add_number(stack_bytes() / 1024).add(" KiB.").add(stack_hint());
    } else {
        if (number == SIGBUS) {
            end_by_lost_file(is_lost_page(info->si_code));
        }
        cause.add("an error in the program, ").add(describe(number));
        if (has_address(number) && info->si_code > 0) {
            cause.add(" at ").add_address(address);
        }
        cause.add(".").add(limit_hint());
    }
    end_by_crash(cause.begin(), exit_crashed);
}

// The stack may be at any address: qemu 7.2 calls handlers with a stack that is not aligned (its frames have AVX
// registers). A handler that expects an aligned one would end in the next signal, again and again.
REALIGNED_STACK static void on_signal(int number, siginfo_t * info, void *) {
    explain_signal(number, info);
}

void watch_system_crashes() {
    note_limits();
    watch_main_stack();
    struct sigaction action = {};
    action.sa_sigaction     = on_signal;
    action.sa_flags         = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (const int number : { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGXCPU }) {
        sigaction(number, &action, nullptr);
    }
    signal(SIGXFSZ, SIG_IGN);  // so a file above the limit (ulimit -f) is an error of write(2)
}

// Runs before the constructors of other files, which fail without memory.
__attribute__((constructor(101))) static void watch_early() {
    watch_crashes();
}
