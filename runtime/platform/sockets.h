#pragma once

// The differences between the sockets of systems. Definitions in sockets-posix.cpp and sockets-win32.cpp.

#ifdef _WIN32
#    define WIN32_LEAN_AND_MEAN
#    define NOMINMAX
#    include <winsock2.h>
#    include <ws2tcpip.h>
#else
#    include <poll.h>
#endif

#include <cstddef>
#include <string>
#include <vector>

// the same types as in httplib.h
#ifdef _WIN32
using socket_t = SOCKET;
#else
using socket_t = int;
#    ifndef INVALID_SOCKET
#        define INVALID_SOCKET (-1)
#    endif
#endif

// Raises the limit of open files and sockets as far as possible, and returns it. 0: no limit.
size_t raise_descriptor_limit();

// Sends as much as possible without waiting.
void send_at_once(socket_t socket, const std::string & text);

// Closes the sending direction. Bytes from the other side can still be read.
void end_sending(socket_t socket);

void close_at_once(socket_t socket);

// Waits until one of the sockets can be read, or until `timeout_ms` have passed (-1: for ever).
void wait_for_sockets(std::vector<pollfd> & sockets, int timeout_ms);

// Whether the other side is on this computer.
bool is_loopback_peer(socket_t socket);

// Ends a wait_for_sockets() of another thread.
class wake_signal {
  public:
    wake_signal();
    ~wake_signal();
    wake_signal(const wake_signal &) = delete;

    // Can be read after raise().
    socket_t socket() const { return reader; }

    void raise() const;
    void clear() const;

  private:
    socket_t reader;
    socket_t writer;
};
