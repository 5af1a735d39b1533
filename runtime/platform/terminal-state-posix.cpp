#include "platform/realigned-stack.h"
#include "platform/terminal-state.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>

// Used if the terminal has stopped its output (Ctrl-S).
static constexpr unsigned write_timeout_s = 2;

static termios           initial_state;
static bool              has_colour = false;
static std::atomic<bool> is_kept    = false;

// A program in the background must not change the terminal: the shell has restored it, or another program uses it.
void restore_terminal() {
    if (!is_kept || tcgetpgrp(STDIN_FILENO) != getpgrp()) {
        return;
    }
    static const char plain[] = "\x1b[0m";
    tcsetattr(STDIN_FILENO, TCSANOW, &initial_state);
    if (has_colour && write(STDOUT_FILENO, plain, sizeof(plain) - 1) < 0) {
        return;
    }
}

// After this function, the signal ends the program as usual.
REALIGNED_STACK static void on_end(int number) {
    signal(SIGALRM, SIG_DFL);
    alarm(write_timeout_s);
    restore_terminal();
    signal(number, SIG_DFL);
    raise(number);
}

void keep_terminal(bool coloured) {
    if (tcgetattr(STDIN_FILENO, &initial_state) != 0) {
        return;
    }
    has_colour              = coloured;
    is_kept                 = true;
    struct sigaction action = {};
    action.sa_handler       = on_end;
    for (const int number : { SIGHUP, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF }) {
        struct sigaction before = {};
        if (sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) {  // not if nohup ignores it
            sigaction(number, &action, nullptr);
        }
    }
}
