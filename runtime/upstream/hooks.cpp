#include "upstream/hooks.h"

#include "log.h"
#include "upstream/page-assets.h"

#include <cpp-httplib/httplib.h>

#include <atomic>
#include <cerrno>

namespace mkexe {

// llama.cpp finds the active hooks here. Atomic, because signal handlers and the thread of the log read it.
static std::atomic<hooks *> active = nullptr;

static hooks nobody;

hooks & current() {
    hooks * found = active;
    return found ? *found : nobody;
}

static hooks * exchange(hooks * next) {
    common_log_pause(common_log_main());
    hooks * before = active.exchange(next);
    common_log_resume(common_log_main());
    return before;
}

hooks_scope::hooks_scope(hooks & own) : before_(exchange(&own)) {}

hooks_scope::~hooks_scope() {
    exchange(before_);
}

std::string hooks::file_of(const std::string & path) const {
    return path;
}

std::FILE * hooks::open_entry(const std::string &) const {
    errno = ENOENT;
    return nullptr;
}

const page_files & hooks::page() const {
    static const page_files none;
    return none;
}

void hooks::set_encoding(const llama_ui_asset &, httplib::Response &) const {}

bool hooks::reads_weights() const {
    return true;
}

ggml_backend_buffer * hooks::stand_in_for_weights(ggml_context *) {
    return nullptr;
}

bool hooks::shows_log(enum ggml_log_level, const char *) {
    return true;
}

bool hooks::bind(httplib::Server & server, const std::string & host, int & port, bool) {
    return server.bind_to_port(host, port);
}

size_t hooks::max_connections() const {
    return 1024;  // tools/server/server-http.cpp
}

void hooks::watch_connections(httplib::Server &, httplib::TaskQueue &, const std::string &) {}

void hooks::close_connections() {}

bool hooks::admit(const httplib::Request &, httplib::Response &) {
    return true;
}

void hooks::explain_refusal(httplib::Response &) const {}

bool hooks::is_own_path(const std::string &) const {
    return false;
}

void hooks::add_routes(const server_http_context &) {}

void hooks::on_listening(const std::vector<std::string> &) {}

void hooks::on_loading(float) {}

void hooks::on_ready(llama_context *) {}

void hooks::on_ended() {}

void hooks::on_stop() {}

void hooks::on_close() {}

}  // namespace mkexe
