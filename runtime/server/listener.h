#pragma once

// Chooses the port of the server, and checks whether this computer can connect to it.

#include <string>

namespace httplib {
class Server;
}

class listener {
  public:
    // `exact`: the user asked for a port, so no other port is tried.
    explicit listener(bool exact) : exact_(exact) {}

    // Binds `server` to `host` and `port`. If `may_choose`, and the user asked for no port, it may take another free
    // port and change `port`.
    bool bind(httplib::Server & server, const std::string & host, int & port, bool may_choose);

    // Why bind() failed, and what to do; empty if it did not fail.
    const std::string & problem() const { return problem_; }

  private:
    bool        exact_;
    std::string problem_;
};

// Why nothing on this computer can connect to a server at `host`, a loopback address, and what to do. Empty if
// something can. Without this check a client would wait for ever.
std::string find_loopback_problem(const std::string & host);
