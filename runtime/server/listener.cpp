#include "server/listener.h"

#include <cpp-httplib/httplib.h>

#include <cerrno>
#include <cstring>

// The program tries so many ports, from the default one on. Then the system chooses one.
static constexpr int tried_ports = 100;

static constexpr int connect_seconds = 5;

static bool bind_any(httplib::Server & server, const std::string & host, int & port) {
    for (int candidate = port; candidate < port + tried_ports; candidate++) {
        if (server.bind_to_port(host, candidate)) {
            port = candidate;
            return true;
        }
        server.stop();  // otherwise httplib stops after one failure
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
                   " is not an address of this computer, or another program uses each of its ports.\n"
                   "Leave out --host, or choose an address of this computer.";
        return false;
    }
    errno           = 0;
    const bool good = server.bind_to_port(host, port);
    if (!good) {
        const bool denied = errno == EACCES || errno == EPERM;
        problem_          = "Port " + std::to_string(port) + " of " + host +
                   (denied ? " is not available: the system reserves ports below 1024 for administrators.\n" :
                             " is not available: another program uses it, or " + host +
                                 " is not an address of this computer.\n") +
                   "Leave out --port to use any free port, or choose another port.";
    }
    return good;
}

std::string find_loopback_problem(const std::string & host) {
    httplib::Server server;
    const int       port = server.bind_to_any_port(host);
    if (port <= 0) {
        return "";  // the server reports this, with the requested port
    }
    httplib::Client client(host, port);
    client.set_connection_timeout(connect_seconds);
    client.set_read_timeout(0, 0);  // nobody answers, but the system connects
    errno            = 0;
    const auto error = client.Get("/").error();
    if (errno == EMFILE || errno == ENFILE) {
        return std::string("The program in this file cannot connect to its own server: ") + std::strerror(errno) + ".";
    }
    server.stop();
    return error != httplib::Error::Connection && error != httplib::Error::ConnectionTimeout ?
               "" :
               "The server of this program listens on " + host +
                   ", but nothing can connect to it: the loopback interface is down, or a sandbox forbids it.\n"
                   "Start the interface (on Linux: ip link set lo up), or allow connections to " +
                   host + ".";
}
