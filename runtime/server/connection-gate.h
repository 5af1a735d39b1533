#pragma once

// Keeps connections until their requests have arrived. One thread watches all of them. A thread of the pool takes a
// connection when its request is there. So a client that sends nothing, or one byte after the other, costs no thread.
// If there are too many connections, the one that has waited longest is closed. /health has its own thread and places.

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
    size_t reserve     = 32;    // additional ones from this computer, only for /health

    std::chrono::seconds idle    = std::chrono::seconds(60);  // without a byte
    std::chrono::seconds head    = std::chrono::seconds(10);  // from the first to the last byte of the head
    std::chrono::seconds body    = std::chrono::seconds(30);  // for the first 64 KiB of a body
    std::chrono::seconds closing = std::chrono::seconds(1);   // for a refused client to read the reason
};

// The limits that a number of file descriptors allows. limits_here() first raises the limit of this process.
gate_limits possible_limits(size_t descriptors);
gate_limits limits_here();

class connection_gate {
  public:
    connection_gate(gate_limits limits, httplib::TaskQueue & workers, std::vector<std::string> health_paths);
    ~connection_gate();
    connection_gate(const connection_gate &) = delete;

    // From now on takes the connections that `server` accepts.
    void watch(httplib::Server & server);

    // Takes an accepted socket, and closes it at the end.
    void admit(httplib::Server & server, socket_t socket);

    // Closes waiting connections. Requests that are being answered continue.
    void stop();

  private:
    using clock_type = std::chrono::steady_clock;
    enum class phase { idle, head, body, closing };

    struct connection {
        httplib::Server *      server;
        socket_t               socket;
        std::string            received;
        size_t                 served  = 0;      // requests
        bool                   reserve = false;  // it uses a place for /health
        phase                  at      = phase::idle;
        clock_type::time_point since   = clock_type::now();  // when the phase began
        clock_type::time_point waiting = clock_type::now();  // when it began to wait
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
    std::vector<connection>        waiting;  // used only by the gate's thread

    std::mutex              mutex;
    std::vector<connection> arrivals;             // new ones, and answered ones that stay open
    size_t                  busy[2]  = { 0, 0 };  // of all connections, and of the reserve
    bool                    stopping = false;
    std::thread             thread;
};
