#pragma once

// What differs between systems' sockets. Definitions in sockets-posix.cpp and sockets-win32.cpp.

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

// as httplib.h has them
#ifdef _WIN32
using socket_t = SOCKET;
#else
using socket_t = int;
#    ifndef INVALID_SOCKET
#        define INVALID_SOCKET (-1)
#    endif
#endif

// How many files and sockets this program may have open; raises the limit as far as it may. 0: as many as it likes.
size_t raise_descriptor_limit();

// Sends what can be sent without waiting.
void send_at_once(socket_t socket, const std::string & text);

// Says that nothing more is sent; what the other side sends can still be read.
void end_sending(socket_t socket);

void close_at_once(socket_t socket);

// Waits until one of them can be read or `timeout_ms` have passed (-1: for ever).
void wait_for_sockets(std::vector<pollfd> & sockets, int timeout_ms);

// Whether the other side is on this computer.
bool is_loopback_peer(socket_t socket);

// Ends another thread's wait_for_sockets().
class wake_signal {
  public:
    wake_signal();
    ~wake_signal();
    wake_signal(const wake_signal &) = delete;

    // Can be read when raised.
    socket_t socket() const { return reader; }

    void raise() const;
    void clear() const;

  private:
    socket_t reader;
    socket_t writer;
};
