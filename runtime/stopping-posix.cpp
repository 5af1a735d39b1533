#include "exit-status.h"
#include "stopping.h"

#include <signal.h>
#include <unistd.h>

void watch_console() {}

// signal(2), setitimer(2) and _exit(2) may be called in signal handlers (signal-safety(7)).
void end_soon() {
    signal(SIGALRM, [](int) { _exit(exit_good); });
    alarm(1);
}
