#pragma once

// The port that the server listens on, and whether this computer reaches it.

#include <string>

namespace httplib {
class Server;
}

class listener {
  public:
    // `exact`: somebody asked for the port: then it is that one or none.
    explicit listener(bool exact) : exact_(exact) {}

    // Binds `server` to `host`; another free port than `port` is taken, and `port` changed, where `may_choose` and nobody
    // asked for one.
    bool bind(httplib::Server & server, const std::string & host, int & port, bool may_choose);

    // Why the port could not be had, as a sentence with what to do; empty where it could.
    const std::string & problem() const { return problem_; }

  private:
    bool        exact_;
    std::string problem_;
};

// Why nothing on this computer could reach a server at `host`, a loopback address, as a sentence with what to do; empty
// where it could. Without this look a client would ask for ever.
std::string find_loopback_problem(const std::string & host);
