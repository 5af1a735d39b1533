#pragma once

// The functions of this program that llama.cpp calls while it runs. The patches in native/patches call current(). The
// object behind it belongs to the code that runs llama.cpp's server (server/session.h) or loads a model
// (upstream/unread-weights.h).

#include "ggml.h"

#include <cstdio>
#include <string>
#include <vector>

struct ggml_backend_buffer;
struct llama_context;
struct llama_ui_asset;
struct server_http_context;

namespace httplib {
class Server;
class TaskQueue;
struct Request;
struct Response;
}  // namespace httplib

class page_files;

namespace mkexe {

// Without an override, every function does the same as llama.cpp without patches.
class hooks {
  public:
    virtual ~hooks() = default;

    // The file that contains `path`. This is another file only if `path` is an entry of the artifact. Offsets from
    // gguf_init_from_file() count from the first byte of that file.
    virtual std::string file_of(const std::string & path) const;

    // Opens the file that contains this entry of the artifact, at the first byte of the entry. Returns null and sets
    // errno if there is no such entry.
    virtual std::FILE * open_entry(const std::string & name) const;

    // The files of the web page.
    virtual const page_files & page() const;

    // Sets the header for a compressed file of the page.
    virtual void set_encoding(const llama_ui_asset & asset, httplib::Response & response) const;

    // Whether the weights of a model are read. If not, `stand_in_for_weights` gives all `tensors` of a model the same
    // bytes, which are zero, and returns their buffer.
    virtual bool                  reads_weights() const;
    virtual ggml_backend_buffer * stand_in_for_weights(ggml_context * tensors);

    // Whether an entry of llama.cpp's log is also shown on the console.
    virtual bool shows_log(enum ggml_log_level level, const char * text);

    // Binds to `host`. If `may_choose`, and the user asked for no port, it may take another free port and change
    // `port`.
    virtual bool bind(httplib::Server & server, const std::string & host, int & port, bool may_choose);

    // The first function returns how many connections can be open. The second one takes the connections of `server`;
    // `workers` then answer the requests. The third one closes connections that wait, so that the workers can end.
    virtual size_t max_connections() const;
    virtual void   watch_connections(httplib::Server &    server,
                                     httplib::TaskQueue & workers,
                                     const std::string &  path_prefix);
    virtual void   close_connections();

    // Returns false if the request is refused; the response then says why. Sets the headers of every response.
    virtual bool admit(const httplib::Request & request, httplib::Response & response);

    // Adds a sentence to an error response that the HTTP server itself made.
    virtual void explain_refusal(httplib::Response & response) const;

    // Whether a path is answered before the model is loaded. add_routes() adds the endpoints under /mkexe/.
    virtual bool is_own_path(const std::string & path) const;
    virtual void add_routes(const server_http_context & http);

    // The HTTP server answers. This fraction of the weights is loaded, 0 to 1. The model is ready. The server
    // computes nothing any more.
    virtual void on_listening(const std::vector<std::string> & addresses);
    virtual void on_loading(float fraction);
    virtual void on_ready(llama_context * context);
    virtual void on_ended();

    // A signal asks the program to end. Runs in the signal handler.
    virtual void on_stop();

    // The console closes, or the user logs off (Windows). Runs on a thread of the system.
    virtual void on_close();
};

// The active hooks. If there are no active ones, the functions behave like llama.cpp without patches. Signal handlers
// may call it.
hooks & current();

// As long as it exists, current() returns these hooks. It must outlive all threads of llama.cpp that call them. Only
// the thread of the log outlives every server, so it waits while the hooks change.
class hooks_scope {
  public:
    explicit hooks_scope(hooks & own);
    ~hooks_scope();
    hooks_scope(const hooks_scope &)             = delete;
    hooks_scope & operator=(const hooks_scope &) = delete;

  private:
    hooks * before_;
};

// Makes an entry of llama.cpp's log safe for a terminal. It ends with a zero.
void make_log_safe(std::vector<char> & message);

}  // namespace mkexe
