#pragma once

// The endpoints under /mkexe/ (docs/http-api.md).

#include <memory>
#include <string>

class chat_store;
class loading;
class server_end;
struct server_http_context;

struct routes_settings {
    std::string name;         // the artifact's
    std::string path_prefix;  // --api-prefix
    std::string chats;        // the folder; empty if chats are not kept
    bool        may_quit = true;
};

class mkexe_routes {
  public:
    mkexe_routes(routes_settings settings, const loading & progress, server_end & end);
    ~mkexe_routes();
    mkexe_routes(const mkexe_routes &)             = delete;
    mkexe_routes & operator=(const mkexe_routes &) = delete;

    // Whether a path, with the prefix, is one of these endpoints.
    bool contains(const std::string & path) const;

    void add_to(const server_http_context & http) const;

  private:
    struct state;
    std::unique_ptr<state> state_;
};
