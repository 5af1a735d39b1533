#include "platform/console.h"

#include "base/exit-status.h"
#include "base/safe-text.h"
#include "platform/system.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

void say(const std::string & text) {
    std::fprintf(stderr, "%s\n", safe_text(text).c_str());
}

std::string shown_text(const std::string & text) {
    return is_terminal(stdout) ? safe_text(text) : text;
}

bool print_result(const std::string & text) {
    const auto shown = shown_text(text);
    return std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size();
}

static void check_results() {
    errno = 0;
    if (std::fflush(stdout) == 0 && !std::ferror(stdout)) {
        return;
    }
    say("Writing to standard output failed" + (errno == 0 ? "" : std::string(": ") + std::strerror(errno)) +
        ". The output is incomplete.");
    std::_Exit(exit_failed);
}

void watch_results() {
    std::atexit(check_results);
}
