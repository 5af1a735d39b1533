#include "server/connection-gate.h"

#include "base/work-limits.h"
#include "server/request-head.h"

#include <algorithm>
#include <system_error>

static constexpr size_t requests_per_connection = 100;  // as in llama.cpp's httplib.h
static constexpr size_t own_descriptors         = 64;   // the artifact, the log, chats, libraries
static constexpr size_t min_connections         = 16;
static constexpr size_t max_closing             = 64;  // refused clients that still read the reason

static_assert(mkexe::max_body_bytes == CPPHTTPLIB_PAYLOAD_MAX_LENGTH && max_line_bytes == CPPHTTPLIB_MAX_LINE_LENGTH,
              "this file refuses what httplib would refuse");

// A body may come as slowly as over a bad mobile network.
static constexpr time_t body_grace_ms         = 30000;
static constexpr size_t body_bytes_per_second = 4096;

gate_limits possible_limits(size_t descriptors) {
    gate_limits limits;
    if (descriptors > 0) {
        const auto reserved  = own_descriptors + limits.reserve + max_closing;
        const auto available = descriptors > reserved ? descriptors - reserved : 0;
        limits.connections   = std::clamp(available, min_connections, limits.connections);
    }
    return limits;
}

connection_gate::connection_gate(gate_limits              limits,
                                 httplib::TaskQueue &     workers,
                                 std::vector<std::string> health_paths) :
    limits(limits),
    workers(workers), health_paths(std::move(health_paths)), thread([this] { run(); }) {}

connection_gate::~connection_gate() {
    stop();
}

void connection_gate::stop() {
    {
        const std::lock_guard<std::mutex> lock(mutex);
        stopping = true;
    }
    wake.raise();
    if (thread.joinable()) {
        thread.join();
    }
    health_worker.shutdown();
}

void connection_gate::admit(httplib::Server & server, socket_t socket) {
    connection client;
    client.server = &server;
    client.socket = socket;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        busy[client.reserve]++;  // until give_back()
    }
    give_back(std::move(client), true);
}

// Wakes the gate's thread. Any other thread may call it.
void connection_gate::give_back(connection client, bool open) {
    {
        const std::lock_guard<std::mutex> lock(mutex);
        busy[client.reserve]--;
        open = open && !stopping;
        if (open) {
            client.at    = phase::idle;
            client.since = client.waiting = clock_type::now();
            arrivals.push_back(client);
        }
    }
    if (open) {
        wake.raise();
    } else {
        httplib::Server::close_gently(client.socket);
    }
}

void connection_gate::run() {
    for (;;) {
        {
            const std::lock_guard<std::mutex> lock(mutex);
            if (stopping) {
                waiting.insert(waiting.end(), arrivals.begin(), arrivals.end());
                arrivals.clear();
                break;
            }
        }
        take_arrivals();
        drop_overdue();
        watch();
    }
    for (const auto & client : waiting) {
        close_at_once(client.socket);
    }
    waiting.clear();
}

void connection_gate::take_arrivals() {
    std::vector<connection> taken;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        taken.swap(arrivals);
    }
    for (auto & client : taken) {
        if (place(client) && (client.at == phase::closing || still_waits(client))) {
            waiting.push_back(std::move(client));
        }
    }
}

// Whether a connection has to wait for its request. Often the request has arrived already: most clients send it with
// the connection, and bytes after the last request may be a complete one. If a connection does not wait, the gate
// cannot close it for another one.
bool connection_gate::still_waits(connection & client) {
    if (!client.received.empty()) {
        return look_at(client);
    }
    std::vector<pollfd> socket(1);
    socket[0].fd     = client.socket;
    socket[0].events = POLLIN;
    wait_for_sockets(socket, 0);
    return socket[0].revents == 0 || read_some(client);
}

// Whether one more connection may be open, of the reserve or of the others.
bool connection_gate::has_room(bool reserve) {
    const auto waits = std::count_if(waiting.begin(), waiting.end(), [&](const connection & client) {
        return client.reserve == reserve && client.at != phase::closing;
    });
    const std::lock_guard<std::mutex> lock(mutex);
    return size_t(waits) + busy[reserve] < (reserve ? limits.reserve : limits.connections);
}

// Closes the connection that has waited longest. Returns false if no connection waits.
bool connection_gate::make_room(bool reserve) {
    auto oldest = waiting.end();
    for (auto client = waiting.begin(); client != waiting.end(); ++client) {
        const bool can_go = client->reserve == reserve && client->at != phase::closing;
        oldest            = can_go && (oldest == waiting.end() || client->waiting < oldest->waiting) ? client : oldest;
    }
    if (oldest == waiting.end()) {
        return false;
    }
    close_at_once(oldest->socket);
    waiting.erase(oldest);
    return true;
}

// Gives a connection a place. If there is no place, closes it and returns false.
bool connection_gate::place(connection & client) {
    if (client.served > 0 || has_room(false) || make_room(false)) {
        return true;
    }
    client.reserve = is_loopback_peer(client.socket) && (has_room(true) || make_room(true));
    return client.reserve || refuse(client, "503 Service Unavailable", "Too many connections. Try again in a moment.");
}

connection_gate::clock_type::time_point connection_gate::deadline(const connection & client) const {
    switch (client.at) {
        case phase::idle:
            return client.since + limits.idle;
        case phase::head:
            return client.since + limits.head;
        case phase::body:
            return client.since + limits.body;
        default:
            return client.since + limits.closing;
    }
}

int connection_gate::wait_ms() const {
    if (wake.socket() == INVALID_SOCKET) {
        return 20;  // the system has no pipe left: look again every few milliseconds
    }
    if (waiting.empty()) {
        return -1;
    }
    auto first = deadline(waiting[0]);
    for (const auto & client : waiting) {
        first = std::min(first, deadline(client));
    }
    const auto remaining_ms = std::chrono::duration_cast<std::chrono::milliseconds>(first - clock_type::now()).count();
    return int(std::max<long long>(0, remaining_ms) + 1);
}

void connection_gate::watch() {
    std::vector<pollfd> sockets(waiting.size() + 1);
    sockets[0].fd     = wake.socket();
    sockets[0].events = POLLIN;
    for (size_t i = 0; i < waiting.size(); i++) {
        sockets[i + 1].fd     = waiting[i].socket;
        sockets[i + 1].events = POLLIN;
    }
    wait_for_sockets(sockets, wait_ms());
    if (sockets[0].revents != 0) {
        wake.clear();
    }
    std::vector<connection> still_waiting;
    for (size_t i = 0; i < waiting.size(); i++) {
        if (sockets[i + 1].revents == 0 || read_some(waiting[i])) {
            still_waiting.push_back(std::move(waiting[i]));
        }
    }
    waiting.swap(still_waiting);
}

// Reads the available bytes. Returns false if the connection no longer waits.
bool connection_gate::read_some(connection & client) {
    char       bytes[16384];
    const auto count = recv(client.socket, bytes, sizeof(bytes), 0);
    if (count <= 0) {
        close_at_once(client.socket);
        return false;
    }
    if (client.at == phase::closing) {
        return true;  // nobody reads these bytes
    }
    client.received.append(bytes, size_t(count));
    return look_at(client);
}

static constexpr const char * too_slow = "The rest of the request came too slowly.";

// Returns false if a thread has taken the connection.
bool connection_gate::look_at(connection & client) {
    const auto begin = [&](phase next) {
        if (client.at != next) {
            client.at    = next;
            client.since = clock_type::now();
        }
        return true;
    };
    // RFC 9112, 2.2: an empty line before a request is allowed
    client.received.erase(0, client.received.find_first_not_of("\r\n"));
    if (client.received.empty()) {
        return begin(phase::idle);
    }
    switch (look_at_request(client.received)) {
        case request_state::incomplete_head:
            return begin(phase::head);
        case request_state::incomplete_body:
            return begin(phase::body);
        case request_state::complete:
            return hand_over(client);
        case request_state::too_large:
            return refuse(client, "413 Content Too Large", "The body of a request can have at most 100 MiB.");
        case request_state::long_address:
            return refuse(client, "414 URI Too Long", "The address of a request can have at most 32 KiB.");
        case request_state::bare_line_feeds:
            return refuse(client, "400 Bad Request",
                          "The lines of a request's head end with CR and LF, not with LF alone.");
        case request_state::too_long:
            return refuse(client, "431 Request Header Fields Too Large",
                          "The head of a request can have at most 64 KiB.");
        default:
            return refuse(client, "400 Bad Request",
                          "This is not an HTTP request. This server speaks HTTP, not HTTPS.");
    }
}

bool connection_gate::hand_over(connection & client) {
    const bool health = asks_for(client.received, health_paths);
    if (client.reserve && !health && !has_room(false)) {
        return refuse(client, "503 Service Unavailable", "Too many requests at once. Try again in a moment.");
    }
    client.reserve = client.reserve && health;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        busy[client.reserve]++;
    }
    auto &                threads = health ? static_cast<httplib::TaskQueue &>(health_worker) : workers;
    std::function<void()> job     = [this, moved = std::move(client)] {
        answer(moved);
    };
    try {
        threads.enqueue(std::move(job));
    } catch (const std::system_error &) {
        // no new thread could start; the job is in the queue, and a running thread takes it
    }
    return false;
}

void connection_gate::answer(connection client) {
    const body_budget::request holds(bodies);
    client.served++;
    const bool last = client.served >= requests_per_connection;
    const bool open =
        client.server->serve_one(client.socket, client.received, last, body_grace_ms, body_bytes_per_second);
    give_back(std::move(client), open);
}

// Sends the reason, and leaves time to read it. If too many others have that time already, closes the connection and
// returns false.
bool connection_gate::refuse(connection & client, const char * status, const char * sentence) {
    const std::string code = std::string(status).substr(0, 3);
    const std::string type = code == "503" ? "unavailable_error" : "invalid_request_error";
    const std::string body =
        "{\"error\":{\"code\":" + code + ",\"type\":\"" + type + "\",\"message\":\"" + sentence + "\"}}";
    send_at_once(client.socket, "HTTP/1.1 " + std::string(status) +
                                    "\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n" +
                                    (code == "503" ? "Retry-After: 5\r\n" : "") +
                                    "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    end_sending(client.socket);
    const auto closing = std::count_if(waiting.begin(), waiting.end(),
                                       [](const connection & other) { return other.at == phase::closing; });
    if (size_t(closing) >= max_closing) {
        close_at_once(client.socket);
        return false;
    }
    client.received.clear();
    client.at    = phase::closing;
    client.since = clock_type::now();
    return true;
}

void connection_gate::drop_overdue() {
    const auto              now = clock_type::now();
    std::vector<connection> still_waiting;
    for (auto & client : waiting) {
        const bool overdue = deadline(client) <= now;
        const bool half    = client.at == phase::head || client.at == phase::body;
        if (!overdue || (half && refuse(client, "408 Request Timeout", too_slow))) {
            still_waiting.push_back(std::move(client));
        } else if (!half) {
            close_at_once(client.socket);
        }
    }
    waiting.swap(still_waiting);
}

void connection_gate::watch(httplib::Server & server) {
    server.set_keep_alive_timeout(time_t(limits.idle.count()));
    server.on_body = [this](size_t bytes) {
        return bodies.take(bytes);
    };
    server.on_accept = [this, &server](socket_t socket) {
        admit(server, socket);
    };
}

gate_limits limits_here() {
    static const gate_limits limits = possible_limits(raise_descriptor_limit());
    return limits;
}
