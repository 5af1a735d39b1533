#include "lifecycle/shutdown.h"

#include "base/exit-status.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>

// in tools/server/server.cpp of llama.cpp
void llama_server_terminate();

using clock_type = std::chrono::steady_clock;

static constexpr auto answer_goes_out = std::chrono::milliseconds(200);
static constexpr auto look_every      = std::chrono::seconds(1);
static constexpr auto busy_share      = 0.1;  // of one processor; the requests of an open page need far less

namespace {
enum class phase { loading, running, ended };
}

struct server_end::state {
    std::mutex                   mutex;
    phase                        at       = phase::loading;
    std::atomic<clock_type::rep> last_use = 0;
    std::function<void()>        report   = [] {
    };

    bool has_ended();
    void stop(const char * why = nullptr);
};

bool server_end::state::has_ended() {
    const std::lock_guard<std::mutex> lock(mutex);
    return at == phase::ended;
}

void server_end::state::stop(const char * why) {
    const std::lock_guard<std::mutex> lock(mutex);  // the server cannot end before llama_server_terminate()
    if (at == phase::ended) {
        return;
    }
    if (why) {
        std::fprintf(stderr, "%s: the program ends.\n", why);
    }
    report();
    if (at == phase::loading) {
        std::_Exit(exit_good);  // no file is being written that could stay incomplete
    }
    end_soon();
    llama_server_terminate();
}

server_end::server_end() : state_(std::make_shared<state>()) {}

server_end::~server_end() {
    server_has_ended();
    cancel_end();
}

void server_end::server_runs() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->at = phase::running;
}

void server_end::server_has_ended() {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->at = phase::ended;
}

void server_end::when_stopping(std::function<void()> report) {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->report = std::move(report);
}

void server_end::request() {
    std::thread([shared = state_] {
        std::this_thread::sleep_for(answer_goes_out);
        shared->stop();
    }).detach();
}

void server_end::note_activity() {
    state_->last_use = clock_type::now().time_since_epoch().count();
}

// The processor time of this process in seconds.
static double computed() {
    return double(std::clock()) / CLOCKS_PER_SEC;
}

void server_end::when_idle(double minutes) {
    note_activity();
    std::thread([minutes, shared = state_] {
        for (double before = computed(); !shared->has_ended();) {
            std::this_thread::sleep_for(look_every);
            const double now   = computed();
            const auto   clock = clock_type::now().time_since_epoch();
            if (now - before > busy_share * std::chrono::duration<double>(look_every).count()) {
                shared->last_use = clock.count();
            }
            before            = now;
            const auto unused = clock - clock_type::duration(shared->last_use.load());
            if (unused >= std::chrono::duration<double, std::ratio<60>>(minutes)) {
                char why[64];
                std::snprintf(why, sizeof(why), "There was no question for %g minutes", minutes);
                shared->stop(why);
                return;
            }
        }
    }).detach();
}

void server_end::with_input() {
    std::thread([shared = state_] {
        wait_for_end_of_input();
        shared->stop("Standard input has closed");
    }).detach();
}
