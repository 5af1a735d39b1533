#pragma once

// What upstream asks and tells while it runs: the patches in native/patches call current(), and whoever runs upstream's
// server (server/session.h) or loads a model (upstream/unread-weights.h) stands behind it.

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

// Every function does what upstream does by itself, unless it is overridden.
class hooks {
  public:
    virtual ~hooks() = default;

    // The file that holds what `path` names: another one only for an entry of the artifact. Offsets that
    // gguf_init_from_file() gives count from that file's first byte.
    virtual std::string file_of(const std::string & path) const;

    // A stream on the file that holds this entry of the artifact, at its first byte; null with errno set where there is
    // none.
    virtual std::FILE * open_entry(const std::string & name) const;

    // The files of the web page.
    virtual const page_files & page() const;

    // Says how a file of the page is compressed, if it is.
    virtual void set_encoding(const llama_ui_asset & asset, httplib::Response & response) const;

    // Whether a model's weights are read. Where they are not, `stand_in_for_weights` gives all `tensors` of a model one
    // place that holds zeros, and returns its buffer.
    virtual bool                  reads_weights() const;
    virtual ggml_backend_buffer * stand_in_for_weights(ggml_context * tensors);

    // Whether an entry of llama.cpp's log is shown on the console too.
    virtual bool shows_log(enum ggml_log_level level, const char * text);

    // Binds to `host`. Where `may_choose` and nobody asked for a port, another free one is taken and `port` is changed.
    virtual bool bind(httplib::Server & server, const std::string & host, int & port, bool may_choose);

    // How many connections can be open; takes those of `server`, whose requests are then answered by `workers`; closes
    // those that wait, so that the workers come to an end.
    virtual size_t max_connections() const;
    virtual void   watch_connections(httplib::Server &    server,
                                     httplib::TaskQueue & workers,
                                     const std::string &  path_prefix);
    virtual void   close_connections();

    // False where the request is refused; the response then says why. Sets the headers that every response has.
    virtual bool admit(const httplib::Request & request, httplib::Response & response);

    // Gives a refusal that the HTTP server itself makes a sentence.
    virtual void explain_refusal(httplib::Response & response) const;

    // Whether a path is answered before the model is loaded; adds the endpoints under /mkexe/.
    virtual bool is_own_path(const std::string & path) const;
    virtual void add_routes(const server_http_context & http);

    // The HTTP server answers; so much of the weights is loaded, 0 to 1; the model can be asked; nothing is computed
    // any more.
    virtual void on_listening(const std::vector<std::string> & addresses);
    virtual void on_loading(float fraction);
    virtual void on_ready(llama_context * context);
    virtual void on_ended();

    // A signal asks the program to end. Called in a signal handler.
    virtual void on_stop();

    // The console is closed, or the user leaves (Windows). Called by a thread of the system's.
    virtual void on_close();
};

// Those of who runs at the moment; where nobody does, upstream does everything by itself. May be called in a signal
// handler.
hooks & current();

// While it lives, current() are these. It lives longer than all threads of upstream's that call them; the log's, which
// outlives every server, waits while it changes.
class hooks_scope {
  public:
    explicit hooks_scope(hooks & own);
    ~hooks_scope();
    hooks_scope(const hooks_scope &)             = delete;
    hooks_scope & operator=(const hooks_scope &) = delete;

  private:
    hooks * before_;
};

// An entry of llama.cpp's log, ending in a zero, made fit for a terminal.
void make_log_safe(std::vector<char> & message);

}  // namespace mkexe
