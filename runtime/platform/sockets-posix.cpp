#include "platform/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

// Enough for all allowed connections. macOS refuses much larger numbers.
static constexpr rlim_t wanted_descriptors = 4096;

size_t raise_descriptor_limit() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return 0;
    }
    const rlim_t raised = std::min(limit.rlim_max, wanted_descriptors);
    if (limit.rlim_cur < raised) {
        const rlimit new_limit = { raised, limit.rlim_max };
        limit.rlim_cur         = setrlimit(RLIMIT_NOFILE, &new_limit) == 0 ? raised : limit.rlim_cur;
    }
    return size_t(limit.rlim_cur);
}

void send_at_once(socket_t socket, const std::string & text) {
    (void) !send(socket, text.data(), text.size(), MSG_DONTWAIT);
}

void end_sending(socket_t socket) {
    shutdown(socket, SHUT_WR);
}

void close_at_once(socket_t socket) {
    close(socket);
}

void wait_for_sockets(std::vector<pollfd> & sockets, int timeout_ms) {
    poll(sockets.data(), sockets.size(), timeout_ms);
}

bool is_loopback_peer(socket_t socket) {
    sockaddr_storage address = {};
    socklen_t        size    = sizeof(address);
    if (getpeername(socket, (sockaddr *) &address, &size) != 0) {
        return false;
    }
    if (address.ss_family == AF_INET) {
        return ntohl(((sockaddr_in *) &address)->sin_addr.s_addr) >> 24 == 127;
    }
    if (address.ss_family == AF_INET6) {
        const auto & six = ((sockaddr_in6 *) &address)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
    }
    return address.ss_family == AF_UNIX;
}

wake_signal::wake_signal() {
    int ends[2] = { -1, -1 };
    if (pipe(ends) == 0) {
        for (const int end : ends) {
            fcntl(end, F_SETFD, FD_CLOEXEC);
            fcntl(end, F_SETFL, O_NONBLOCK);
        }
    }
    reader = ends[0];
    writer = ends[1];
}

wake_signal::~wake_signal() {
    close(reader);
    close(writer);
}

void wake_signal::raise() const {
    (void) !write(writer, "", 1);
}

void wake_signal::clear() const {
    char bytes[64];
    while (read(reader, bytes, sizeof(bytes)) > 0) {
    }
}
