#include "server/connection-gate.h"

#include "base/work-limits.h"
#include "server/request-head.h"

#include <algorithm>
#include <system_error>

static constexpr size_t requests_per_connection = 100;  // upstream's, httplib.h
static constexpr size_t own_descriptors         = 64;   // the artifact, the log, chats, libraries
static constexpr size_t min_connections         = 16;
static constexpr size_t max_closing             = 64;  // refused clients that read why

static_assert(mkexe::max_body_bytes == CPPHTTPLIB_PAYLOAD_MAX_LENGTH && max_line_bytes == CPPHTTPLIB_MAX_LINE_LENGTH,
              "this file refuses what httplib would refuse");

// A body may come as slowly as over a mobile network at its worst.
static constexpr time_t body_grace_ms         = 30000;
static constexpr size_t body_bytes_per_second = 4096;

gate_limits possible_limits(size_t descriptors) {
    gate_limits limits;
    if (descriptors > 0) {
        const auto kept    = own_descriptors + limits.reserve + max_closing;
        const auto left    = descriptors > kept ? descriptors - kept : 0;
        limits.connections = std::clamp(left, min_connections, limits.connections);
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
    connection one;
    one.server = &server;
    one.socket = socket;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        busy[one.reserve]++;  // until give_back()
    }
    give_back(std::move(one), true);
}

// To the gate's thread, from any other.
void connection_gate::give_back(connection one, bool open) {
    {
        const std::lock_guard<std::mutex> lock(mutex);
        busy[one.reserve]--;
        open = open && !stopping;
        if (open) {
            one.at    = phase::idle;
            one.since = one.waiting = clock_type::now();
            arrivals.push_back(one);
        }
    }
    if (open) {
        wake.raise();
    } else {
        httplib::Server::close_gently(one.socket);
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
    for (const auto & one : waiting) {
        close_at_once(one.socket);
    }
    waiting.clear();
}

void connection_gate::take_arrivals() {
    std::vector<connection> taken;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        taken.swap(arrivals);
    }
    for (auto & one : taken) {
        if (place(one) && (one.at == phase::closing || still_waits(one))) {
            waiting.push_back(std::move(one));
        }
    }
}

// Whether an arrival has to wait: what came after the last request may be a whole one, and most clients send theirs with
// the connection. Others that arrive meanwhile cannot take its place then.
bool connection_gate::still_waits(connection & one) {
    if (!one.received.empty()) {
        return look_at(one);
    }
    std::vector<pollfd> socket(1);
    socket[0].fd     = one.socket;
    socket[0].events = POLLIN;
    wait_for_sockets(socket, 0);
    return socket[0].revents == 0 || read_some(one);
}

// Whether one more may be open, of the reserve or of the others.
bool connection_gate::has_room(bool reserve) {
    const auto waits = std::count_if(waiting.begin(), waiting.end(), [&](const connection & one) {
        return one.reserve == reserve && one.at != phase::closing;
    });
    const std::lock_guard<std::mutex> lock(mutex);
    return size_t(waits) + busy[reserve] < (reserve ? limits.reserve : limits.connections);
}

// Closes the one that has waited longest; false where none waits.
bool connection_gate::make_room(bool reserve) {
    auto oldest = waiting.end();
    for (auto one = waiting.begin(); one != waiting.end(); ++one) {
        const bool can_go = one->reserve == reserve && one->at != phase::closing;
        oldest            = can_go && (oldest == waiting.end() || one->waiting < oldest->waiting) ? one : oldest;
    }
    if (oldest == waiting.end()) {
        return false;
    }
    close_at_once(oldest->socket);
    waiting.erase(oldest);
    return true;
}

// Gives an arrival one of the places; false where there was none, and it is closed.
bool connection_gate::place(connection & one) {
    if (one.served > 0 || has_room(false) || make_room(false)) {
        return true;
    }
    one.reserve = is_loopback_peer(one.socket) && (has_room(true) || make_room(true));
    return one.reserve || refuse(one, "503 Service Unavailable", "Too many connections. Try again in a moment.");
}

connection_gate::clock_type::time_point connection_gate::deadline(const connection & one) const {
    switch (one.at) {
        case phase::idle:
            return one.since + limits.idle;
        case phase::head:
            return one.since + limits.head;
        case phase::body:
            return one.since + limits.body;
        default:
            return one.since + limits.closing;
    }
}

int connection_gate::wait_ms() const {
    if (wake.socket() == INVALID_SOCKET) {
        return 20;  // the system has no pipe left: look again and again
    }
    if (waiting.empty()) {
        return -1;
    }
    auto first = deadline(waiting[0]);
    for (const auto & one : waiting) {
        first = std::min(first, deadline(one));
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(first - clock_type::now()).count();
    return int(std::max<long long>(0, left) + 1);
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
    std::vector<connection> left;
    for (size_t i = 0; i < waiting.size(); i++) {
        if (sockets[i + 1].revents == 0 || read_some(waiting[i])) {
            left.push_back(std::move(waiting[i]));
        }
    }
    waiting.swap(left);
}

// Reads what is there; false where the connection waits no longer.
bool connection_gate::read_some(connection & one) {
    char       bytes[16384];
    const auto count = recv(one.socket, bytes, sizeof(bytes), 0);
    if (count <= 0) {
        close_at_once(one.socket);
        return false;
    }
    if (one.at == phase::closing) {
        return true;  // nobody reads it
    }
    one.received.append(bytes, size_t(count));
    return look_at(one);
}

static constexpr const char * too_slow = "This server waits no longer for the rest of a request.";

// False where it is handed over.
bool connection_gate::look_at(connection & one) {
    const auto begin = [&](phase next) {
        if (one.at != next) {
            one.at    = next;
            one.since = clock_type::now();
        }
        return true;
    };
    // RFC 9112, 2.2: an empty line before a request is no error
    one.received.erase(0, one.received.find_first_not_of("\r\n"));
    if (one.received.empty()) {
        return begin(phase::idle);
    }
    switch (look_at_request(one.received)) {
        case request_state::incomplete_head:
            return begin(phase::head);
        case request_state::incomplete_body:
            return begin(phase::body);
        case request_state::complete:
            return hand_over(one);
        case request_state::too_large:
            return refuse(one, "413 Content Too Large", "The body of a request may have 100 MiB.");
        case request_state::long_address:
            return refuse(one, "414 URI Too Long", "The address of a request may have 32 KiB.");
        case request_state::bare_line_feeds:
            return refuse(one, "400 Bad Request",
                          "The lines of a request's head end with CR and LF, not with LF alone.");
        case request_state::too_long:
            return refuse(one, "431 Request Header Fields Too Large", "The head of a request may have 64 KiB.");
        default:
            return refuse(one, "400 Bad Request", "This is not an HTTP request. This server speaks HTTP, not HTTPS.");
    }
}

bool connection_gate::hand_over(connection & one) {
    const bool health = asks_for(one.received, health_paths);
    if (one.reserve && !health && !has_room(false)) {
        return refuse(one, "503 Service Unavailable", "Too many requests at once. Try again in a moment.");
    }
    one.reserve = one.reserve && health;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        busy[one.reserve]++;
    }
    auto &                threads = health ? static_cast<httplib::TaskQueue &>(health_worker) : workers;
    std::function<void()> job     = [this, moved = std::move(one)] {
        answer(moved);
    };
    try {
        threads.enqueue(std::move(job));
    } catch (const std::system_error &) {
        // no further thread can be had; the job is in the queue, and one of those that are there takes it
    }
    return false;
}

void connection_gate::answer(connection one) {
    const body_budget::request holds(bodies);
    one.served++;
    const bool last = one.served >= requests_per_connection;
    const bool open = one.server->serve_one(one.socket, one.received, last, body_grace_ms, body_bytes_per_second);
    give_back(std::move(one), open);
}

// Says why, and leaves time to read it; false where too many others have that already, and it is closed.
bool connection_gate::refuse(connection & one, const char * status, const char * sentence) {
    const std::string code = std::string(status).substr(0, 3);
    const std::string type = code == "503" ? "unavailable_error" : "invalid_request_error";
    const std::string body =
        "{\"error\":{\"code\":" + code + ",\"type\":\"" + type + "\",\"message\":\"" + sentence + "\"}}";
    send_at_once(one.socket, "HTTP/1.1 " + std::string(status) +
                                 "\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n" +
                                 (code == "503" ? "Retry-After: 5\r\n" : "") +
                                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    end_sending(one.socket);
    const auto closing = std::count_if(waiting.begin(), waiting.end(),
                                       [](const connection & other) { return other.at == phase::closing; });
    if (size_t(closing) >= max_closing) {
        close_at_once(one.socket);
        return false;
    }
    one.received.clear();
    one.at    = phase::closing;
    one.since = clock_type::now();
    return true;
}

void connection_gate::drop_overdue() {
    const auto              now = clock_type::now();
    std::vector<connection> left;
    for (auto & one : waiting) {
        const bool overdue = deadline(one) <= now;
        const bool half    = one.at == phase::head || one.at == phase::body;
        if (!overdue || (half && refuse(one, "408 Request Timeout", too_slow))) {
            left.push_back(std::move(one));
        } else if (!half) {
            close_at_once(one.socket);
        }
    }
    waiting.swap(left);
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
