#include "server/listener.h"

#include <cpp-httplib/httplib.h>

#include <cerrno>
#include <cstring>

// Tried one after the other from the default one on; then the system chooses.
static constexpr int tried_ports = 100;

static constexpr int connect_seconds = 5;

static bool bind_any(httplib::Server & server, const std::string & host, int & port) {
    for (int candidate = port; candidate < port + tried_ports; candidate++) {
        if (server.bind_to_port(host, candidate)) {
            port = candidate;
            return true;
        }
        server.stop();  // else httplib takes one failure for the end
    }
    const int chosen = server.bind_to_any_port(host);
    port             = chosen > 0 ? chosen : port;
    return chosen > 0;
}

bool listener::bind(httplib::Server & server, const std::string & host, int & port, bool may_choose) {
    if (may_choose && !exact_) {
        if (bind_any(server, host, port)) {
            return true;
        }
        problem_ = host +
                   " is not an address of this computer, or none of its ports can be had.\n"
                   "Leave --host away, or give one of this computer's addresses.";
        return false;
    }
    errno           = 0;
    const bool good = server.bind_to_port(host, port);
    if (!good) {
        const bool denied = errno == EACCES || errno == EPERM;
        problem_          = "Port " + std::to_string(port) + " of " + host +
                   (denied ? " may not be used: the system keeps ports below 1024 for administrators.\n" :
                             " cannot be had: another program uses it, or " + host +
                                 " is not an address of this computer.\n") +
                   "Leave --port away, and a free one is chosen; or give another.";
    }
    return good;
}

std::string find_loopback_problem(const std::string & host) {
    httplib::Server server;
    const int       port = server.bind_to_any_port(host);
    if (port <= 0) {
        return "";  // the server says it, with the port that was asked for
    }
    httplib::Client client(host, port);
    client.set_connection_timeout(connect_seconds);
    client.set_read_timeout(0, 0);  // nobody answers; the system connects all the same
    errno            = 0;
    const auto error = client.Get("/").error();
    if (errno == EMFILE || errno == ENFILE) {
        return std::string("The program in this file cannot connect to its own server: ") + std::strerror(errno) + ".";
    }
    server.stop();
    return error != httplib::Error::Connection && error != httplib::Error::ConnectionTimeout ?
               "" :
               "The server in this program listens on " + host +
                   ", and nothing can connect to it there: the loopback interface is down, or a sandbox forbids it.\n"
                   "Bring it up (on Linux: ip link set lo up), or allow connections to " +
                   host + ".";
}
