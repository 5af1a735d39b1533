#include "platform/sockets.h"

size_t raise_descriptor_limit() {
    return 0;
}

void send_at_once(socket_t socket, const std::string & text) {
    u_long without_waiting = 1;
    ioctlsocket(socket, FIONBIO, &without_waiting);
    send(socket, text.data(), int(text.size()), 0);
}

void end_sending(socket_t socket) {
    shutdown(socket, SD_SEND);
}

void close_at_once(socket_t socket) {
    closesocket(socket);
}

void wait_for_sockets(std::vector<pollfd> & sockets, int timeout_ms) {
    WSAPoll(sockets.data(), ULONG(sockets.size()), timeout_ms);
}

bool is_loopback_peer(socket_t socket) {
    sockaddr_storage address = {};
    int              size    = sizeof(address);
    if (getpeername(socket, (sockaddr *) &address, &size) != 0) {
        return false;
    }
    if (address.ss_family == AF_INET) {
        return ntohl(((sockaddr_in *) &address)->sin_addr.s_addr) >> 24 == 127;
    }
    return address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((sockaddr_in6 *) &address)->sin6_addr);
}

// Windows cannot wait for pipes and sockets together. It can wait for a datagram socket that sends to itself.
wake_signal::wake_signal() : reader(::socket(AF_INET, SOCK_DGRAM, 0)), writer(reader) {
    sockaddr_in address     = {};
    address.sin_family      = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int    size             = sizeof(address);
    u_long without_waiting  = 1;
    bind(reader, (sockaddr *) &address, size);
    getsockname(reader, (sockaddr *) &address, &size);
    connect(reader, (sockaddr *) &address, size);
    ioctlsocket(reader, FIONBIO, &without_waiting);
}

wake_signal::~wake_signal() {
    closesocket(reader);
}

void wake_signal::raise() const {
    send(writer, "", 1, 0);
}

void wake_signal::clear() const {
    char bytes[64];
    while (recv(reader, bytes, sizeof(bytes), 0) > 0) {
    }
}
