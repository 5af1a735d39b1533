#include "lifecycle/shutdown.h"

#include "base/exit-status.h"
#include "platform/realigned-stack.h"
#include "upstream-hooks.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

// upstream's tools/server/server.cpp
void llama_server_terminate();

using clock_type = std::chrono::steady_clock;

static constexpr auto answer_goes_out = std::chrono::milliseconds(200);
static constexpr auto look_every      = std::chrono::seconds(1);
static constexpr auto busy_share      = 0.1;  // of one processor; an open page's questions cost far less

static std::atomic<bool>            can_stop = false;
static std::atomic<clock_type::rep> last_use = 0;

REALIGNED_STACK void mkexe::on_stop() {
    end_soon();
}

void server_can_stop() {
    can_stop = true;
}

static void stop_now() {
    if (!can_stop) {
        std::_Exit(exit_good);  // still loading; nothing is written that could be half done
    }
    end_soon();
    llama_server_terminate();
}

void request_stop() {
    std::thread([] {
        std::this_thread::sleep_for(answer_goes_out);
        stop_now();
    }).detach();
}

void note_activity() {
    last_use = clock_type::now().time_since_epoch().count();
}

// Processor time of this process in seconds.
static double computed() {
    return double(std::clock()) / CLOCKS_PER_SEC;
}

void exit_when_idle(double minutes) {
    note_activity();
    std::thread([minutes] {
        for (double before = computed();;) {
            std::this_thread::sleep_for(look_every);
            const double now = computed();
            if (now - before > busy_share * std::chrono::duration<double>(look_every).count()) {
                note_activity();
            }
            before            = now;
            const auto unused = clock_type::now().time_since_epoch() - clock_type::duration(last_use.load());
            if (unused >= std::chrono::duration<double, std::ratio<60>>(minutes)) {
                std::fprintf(stderr, "Nobody asked anything for %g minutes: the end.\n", minutes);
                stop_now();
                return;
            }
        }
    }).detach();
}

void exit_with_input() {
    std::thread([] {
        wait_for_end_of_input();
        std::fprintf(stderr, "Standard input has ended: the end.\n");
        stop_now();
    }).detach();
}
