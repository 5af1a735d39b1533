#include "base/exit-status.h"
#include "lifecycle/shutdown.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

void watch_console() {}

// signal(2), setitimer(2) and _exit(2) may be called in signal handlers (signal-safety(7)).
void end_soon() {
    signal(SIGALRM, [](int) { _exit(exit_good); });
    alarm(1);
}

void cancel_end() {
    alarm(0);
}

// Not stdio: exit(3) would wait for the lock of a stream that another thread reads.
void wait_for_end_of_input() {
    char ignored[4096];
    while (true) {
        const auto count = read(STDIN_FILENO, ignored, sizeof(ignored));
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return;
        }
    }
}
