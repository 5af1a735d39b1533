#pragma once

// What upstream calls while it runs (native/patches/server-hooks.patch, projector-inside.patch, check-without-weights.patch). Each is defined in the module that its
// comment names.

#include "ggml.h"

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

namespace mkexe {

// embedded-file.cpp: the file that holds what `path` names: another one only for an entry of the artifact. Offsets that
// gguf_init_from_file() gives count from that file's first byte.
std::string file_of(const std::string & path);

// model-check.cpp: whether a model's weights are read. Where they are not, `stand_in_for_weights` gives all `tensors` of
// a model one place that holds zeros, and returns its buffer.
bool                  reads_weights();
ggml_backend_buffer * stand_in_for_weights(ggml_context * tensors);

// listener.cpp: binds to `host`. Where `may_choose` and nobody asked for a port, another free one is taken and `port`
// is changed.
bool bind_listener(httplib::Server & listener, const std::string & host, int & port, bool may_choose);

// connection-gate.cpp: how many connections can be open; lets the gate have those of `server`, whose requests are then
// answered by `workers`; closes those that wait, so that the workers come to an end.
size_t most_connections();
void   watch_connections(httplib::Server & server, httplib::TaskQueue & workers, const std::string & path_prefix);
void   close_connections();

// request-guard.cpp: false where the request is refused; the response then says why. Sets the headers that every
// response has.
bool admit_request(const httplib::Request & request, httplib::Response & response);

// request-guard.cpp: gives a refusal that the HTTP server itself makes a sentence.
void explain_refusal(httplib::Response & response);

// page-assets.cpp: says how a file of the page is compressed, if it is.
void set_encoding(const llama_ui_asset & asset, httplib::Response & response);

// own-routes.cpp: whether a path is answered before the model is loaded; the endpoints under /mkexe/.
bool is_own_path(const std::string & path);
void add_routes(const server_http_context & http);

// start.cpp: the HTTP server answers; the model can be asked.
void on_listening(const std::vector<std::string> & addresses);
void on_ready(llama_context * context);

// loading.cpp: how much of the weights is loaded, 0 to 1.
void on_loading(float fraction);

// stopping.cpp: a signal asks the program to end. Called in a signal handler.
void on_stop();

// log-console.cpp: whether an entry of llama.cpp's log is shown on the console too.
bool shows_log(enum ggml_log_level level, const char * text);

// safe-text.cpp: an entry of that log, ending in a zero, made fit for a terminal.
void make_log_safe(std::vector<char> & message);

}  // namespace mkexe
