#include "server/body-budget.h"
#include "server/connection-gate.h"
#include "server/request-head.h"

#include <doctest.h>
#include <sys/socket.h>
#include <unistd.h>

// A gate before a server that knows /health and /echo.
struct gated_server {
    httplib::Server     server;
    httplib::ThreadPool workers{ 2, 8 };
    connection_gate     gate;

    explicit gated_server(gate_limits limits) : gate(limits, workers, { "/health" }) {
        server.Get("/health", [](const httplib::Request &, httplib::Response & response) {
            response.set_content("healthy", "text/plain");
        });
        server.Post("/echo", [](const httplib::Request & request, httplib::Response & response) {
            response.set_content(request.body, "text/plain");
        });
    }

    ~gated_server() {
        gate.stop();
        workers.shutdown();
    }

    // Opens a connection. Returns the client's socket.
    int connect() {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        gate.admit(server, ends[0]);
        return ends[1];
    }
};

static void write_text(int client, const std::string & text) {
    CHECK(write(client, text.data(), text.size()) == ssize_t(text.size()));
}

// Reads until the server closes the connection.
static std::string read_to_end(int client) {
    std::string text;
    char        bytes[1024];
    for (ssize_t count; (count = read(client, bytes, sizeof(bytes))) > 0;) {
        text.append(bytes, size_t(count));
    }
    close(client);
    return text;
}

static bool holds(const std::string & text, const std::string & part) {
    return text.find(part) != std::string::npos;
}

static const std::string whole = "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n";

TEST_CASE("a request is answered, however its bytes come") {
    gated_server server{ gate_limits() };
    const int    client = server.connect();
    for (const char byte : whole) {
        write_text(client, std::string(1, byte));
    }
    CHECK(holds(read_to_end(client), "healthy"));
}

TEST_CASE("no request waits for the end of another, however close they come") {
    static constexpr auto   far_too_long = std::chrono::seconds(30);
    httplib::Server         server;
    httplib::ThreadPool     workers{ 1, 8 };
    connection_gate         gate(gate_limits(), workers, {});
    std::mutex              mutex;
    std::condition_variable changed;
    int                     present = 0;
    // each request is answered when all have arrived
    server.Get("/", [&](const httplib::Request &, httplib::Response & response) {
        std::unique_lock<std::mutex> lock(mutex);
        present++;
        changed.notify_all();
        const bool all = changed.wait_for(lock, far_too_long, [&] { return present >= 4; });
        response.set_content(all ? "together" : "alone", "text/plain");
    });
    std::vector<int> clients;
    for (int i = 0; i < 4; i++) {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        write_text(ends[1], "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
        gate.admit(server, ends[0]);
        clients.push_back(ends[1]);
    }
    for (const int client : clients) {
        CHECK(holds(read_to_end(client), "together"));
    }
    gate.stop();
    workers.shutdown();
}

TEST_CASE("a head or a body that does not come is given up, with a word") {
    gate_limits limits;
    limits.head = limits.body = std::chrono::seconds(0);
    gated_server server(limits);
    for (const char * half : { "GET /health HTT", "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\n1" }) {
        const int client = server.connect();
        write_text(client, half);
        CHECK(holds(read_to_end(client), "HTTP/1.1 408 "));
    }
}

TEST_CASE("a connection without a byte is closed without a word") {
    gate_limits limits;
    limits.idle = std::chrono::seconds(0);
    gated_server server(limits);
    CHECK(read_to_end(server.connect()).empty());
}

TEST_CASE("where there are too many, the one that has waited longest goes") {
    gate_limits limits;
    limits.connections = 2;
    gated_server server(limits);
    const int    oldest = server.connect(), second = server.connect(), third = server.connect();
    CHECK(read_to_end(oldest).empty());
    for (const int client : { second, third }) {
        write_text(client, whole);
        CHECK(holds(read_to_end(client), "healthy"));
    }
}

// Returns the response to a client that sends `first`. When the server has read that, `later` sends the rest.
static std::string serve_slowly(const std::string &              first,
                                time_t                           grace_ms,
                                size_t                           bytes_per_second,
                                const std::function<void(int)> & later) {
    httplib::Server server;
    server.Post("/echo", [](const httplib::Request & request, httplib::Response & response) {
        response.set_content(request.body, "text/plain");
    });
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    std::string received = first;
    std::thread client([&] { later(ends[1]); });
    server.serve_one(ends[0], received, true, grace_ms, bytes_per_second);
    client.join();
    close(ends[0]);
    return read_to_end(ends[1]);
}

static const std::string long_body = "POST /echo HTTP/1.1\r\nContent-Length: 40\r\n\r\n";

TEST_CASE("a body that stays behind the rate is given up, however long the request may take in all") {
    const auto answer = serve_slowly(long_body, 1, 1000000000, [](int client) { write_text(client, "0123456789"); });
    CHECK(holds(answer, "HTTP/1.1 408 "));
}

TEST_CASE("a body that keeps the rate is read to its end after the time that all have") {
    static constexpr time_t grace_ms = 50;
    const auto              answer   = serve_slowly(long_body, grace_ms, 1, [](int client) {
        write_text(client, std::string(20, '1'));  // allows twenty more seconds
        std::this_thread::sleep_for(std::chrono::milliseconds(4 * grace_ms));
        write_text(client, std::string(20, '2'));
    });
    CHECK(holds(answer, std::string(20, '1') + std::string(20, '2')));
}

TEST_CASE("the bodies of all requests share so many bytes, and small ones need none of them") {
    static constexpr size_t piece = size_t(1) << 20;
    body_budget             budget;
    const size_t            limit = body_budget::bytes_for(0);
    CHECK(body_budget::bytes_for(size_t(1) << 40) == limit);
    CHECK(body_budget::bytes_for(size_t(1) << 20) == size_t(16) << 20);
    {
        const body_budget::request large(budget);
        size_t                     taken = 0;
        while (budget.take(piece)) {
            taken += piece;
        }
        CHECK(taken <= limit + awaited_body_bytes);
        CHECK(taken > 0);
        // a request on another thread
        std::thread([&] {
            const body_budget::request small(budget);
            CHECK(budget.take(awaited_body_bytes));
            CHECK_FALSE(budget.take(piece));
        }).join();
    }
    const body_budget::request next(budget);
    CHECK(budget.take(piece));
}

TEST_CASE("the descriptors decide how many connections there can be") {
    CHECK(possible_limits(0).connections == 1000);
    CHECK(possible_limits(100000).connections == 1000);
    CHECK(possible_limits(256).connections == 96);
    CHECK(possible_limits(20).connections == 16);
}
