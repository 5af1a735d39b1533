#include "server/session.h"

#include "base/exit-status.h"
#include "common.h"
#include "log.h"
#include "platform/console.h"
#include "platform/realigned-stack.h"

#include <cerrno>
#include <cstdlib>

// in tools/server/server.cpp of llama.cpp
int llama_server(common_params & params, int argc, char ** argv);

session::session(const artifact & source, bool exact_port) :
    artifact_hooks(source), listener_(exact_port), scope_(*this) {
    end.when_stopping([this] { status.stopping(); });
}

int session::refuse(const std::string & message, int exit_status) const {
    say(message);
    status.failed(message, exit_status);
    return exit_status;
}

int session::run(common_params & params) {
    // if argv is not null, llama.cpp handles signals; only its router reads the content, and this is not a router
    char * arguments[] = { nullptr };
    llama_backend_init();
    llama_numa_init(params.numa);
    const int done = llama_server(params, 0, arguments);
    common_log_flush(common_log_main());
    if (done != exit_good && start) {
        refuse(start->failure(listener_.problem(), log.first_errors()), done);
    }
    return done;
}

void session::set_encoding(const llama_ui_asset & asset, httplib::Response & response) const {
    if (files.is_compressed(asset.name)) {
        response.set_header("Content-Encoding", "gzip");
    }
}

bool session::bind(httplib::Server & server, const std::string & host, int & port, bool may_choose) {
    return listener_.bind(server, host, port, may_choose);
}

size_t session::max_connections() const {
    return limits_here().connections + limits_here().reserve;
}

void session::watch_connections(httplib::Server & server, httplib::TaskQueue & workers, const std::string & prefix) {
    if (!gate_) {
        const std::vector<std::string> health = { prefix + "/health", prefix + "/v1/health" };
        gate_                                 = std::make_unique<connection_gate>(limits_here(), workers, health);
    }
    gate_->watch(server);
}

void session::close_connections() {
    if (gate_) {
        gate_->stop();
    }
}

bool session::admit(const httplib::Request & request, httplib::Response & response) {
    const bool admitted = guard.admit(request, response);
    // an open page sends only GET requests by itself; they do not count as use
    if (admitted && request.method != "GET") {
        end.note_activity();
    }
    return admitted;
}

void session::explain_refusal(httplib::Response & response) const {
    ::explain_refusal(response);
}

bool session::is_own_path(const std::string & path) const {
    return routes && routes->contains(path);
}

void session::add_routes(const server_http_context & http) {
    if (routes) {
        routes->add_to(http);
    }
}

void session::on_listening(const std::vector<std::string> & addresses) {
    if (!start) {
        return;
    }
    const auto problem = start->listening(addresses);
    const auto page    = start->page_address(addresses[0]);
    status.listening(page.empty() ? addresses[0] : page, addresses);
    progress.when_moved([this](const loading_progress & moved) { status.loading(moved); });
    if (!problem.empty()) {
        std::_Exit(refuse(problem, exit_memory));
    }
}

void session::on_loading(float fraction) {
    progress.note_placed(fraction);
}

void session::on_ready(llama_context * context) {
    progress.end();
    end.server_runs();
    if (start) {
        start->ready(context);
    }
    status.ready();
}

void session::on_ended() {
    end.server_has_ended();
    status.stopping();
}

REALIGNED_STACK void session::on_stop() {
    const int before = errno;
    status.stopping();
    end_soon();
    errno = before;
}

void session::on_close() {
    end.request();
}
