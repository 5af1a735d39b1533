#pragma once

// Where connections wait for their requests. One thread watches them all; a thread of the pool takes one when its
// request is there. So those that send nothing, or byte by byte, cost no thread; the oldest of them goes when there are
// too many, and /health has a thread and places of its own.

#include "platform/sockets.h"
#include "server/body-budget.h"

#include <cpp-httplib/httplib.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct gate_limits {
    size_t connections = 1000;  // at once
    size_t reserve     = 32;    // that many more from this computer, for /health alone

    std::chrono::seconds idle    = std::chrono::seconds(60);  // without a byte
    std::chrono::seconds head    = std::chrono::seconds(10);  // from the first byte to the head's last one
    std::chrono::seconds body    = std::chrono::seconds(30);  // for the first 64 KiB of a body
    std::chrono::seconds closing = std::chrono::seconds(1);   // until a refused client has read why
};

// What a limit of descriptors allows, and what this program's own does, which is raised.
gate_limits possible_limits(size_t descriptors);
gate_limits limits_here();

class connection_gate {
  public:
    connection_gate(gate_limits limits, httplib::TaskQueue & workers, std::vector<std::string> health_paths);
    ~connection_gate();
    connection_gate(const connection_gate &) = delete;

    // Has the connections that `server` accepts from now on.
    void watch(httplib::Server & server);

    // Takes an accepted socket and closes it in the end.
    void admit(httplib::Server & server, socket_t socket);

    // Closes what waits. Requests that are being answered go on.
    void stop();

  private:
    using clock_type = std::chrono::steady_clock;
    enum class phase { idle, head, body, closing };

    struct connection {
        httplib::Server *      server;
        socket_t               socket;
        std::string            received;
        size_t                 served  = 0;      // requests
        bool                   reserve = false;  // has one of the places for /health
        phase                  at      = phase::idle;
        clock_type::time_point since   = clock_type::now();  // when the phase began
        clock_type::time_point waiting = clock_type::now();  // when it came to wait
    };

    void                   run();
    void                   watch();
    void                   take_arrivals();
    bool                   place(connection & arrival);
    bool                   still_waits(connection & arrival);
    bool                   has_room(bool reserve);
    bool                   make_room(bool reserve);
    bool                   read_some(connection & client);
    bool                   look_at(connection & client);
    bool                   hand_over(connection & client);
    void                   answer(connection client);
    bool                   refuse(connection & client, const char * status, const char * sentence);
    void                   drop_overdue();
    void                   give_back(connection client, bool open);
    clock_type::time_point deadline(const connection & client) const;
    int                    wait_ms() const;

    const gate_limits              limits;
    httplib::TaskQueue &           workers;
    body_budget                    bodies;
    const std::vector<std::string> health_paths;
    httplib::ThreadPool            health_worker{ 1 };
    wake_signal                    wake;
    std::vector<connection>        waiting;  // of the gate's own thread

    std::mutex              mutex;
    std::vector<connection> arrivals;             // accepted, or answered and kept
    size_t                  busy[2]  = { 0, 0 };  // in all, and of the reserve
    bool                    stopping = false;
    std::thread             thread;
};
