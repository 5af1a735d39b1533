#pragma once

// One run of llama.cpp's server with an artifact, from reading its options to its end. A session owns everything that
// the run needs and changes, so another session can follow in the same process. As long as it exists, llama.cpp finds
// it through mkexe::current().

#include "api/mkexe-routes.h"
#include "lifecycle/loading.h"
#include "lifecycle/shutdown.h"
#include "server/announce.h"
#include "server/connection-gate.h"
#include "server/listener.h"
#include "server/request-guard.h"
#include "server/status.h"
#include "upstream/artifact-fopen.h"
#include "upstream/log-filter.h"
#include "upstream/page-assets.h"

#include <memory>
#include <optional>

struct common_params;

class session final : public artifact_hooks {
  public:
    // `exact_port`: the user asked for a port, so no other port is tried. `source` must outlive this object.
    session(const artifact & source, bool exact_port);

    // The caller sets these members before run().
    log_filter                    log;
    start_status                  status;  // before the members that report to it, so it outlives them
    page_files                    files;
    request_guard                 guard;
    loading                       progress;
    server_end                    end;
    std::unique_ptr<mkexe_routes> routes;  // null if there is no page
    std::optional<announcement>   start;   // empty if the program tells nobody about the start

    // Runs llama.cpp's server with these parameters until it ends. Returns its exit status. If the server fails and
    // `start` is set, prints the reason first.
    int run(common_params & params);

    // Prints why the program ends with `status`, and reports it to the program that watches the start. Returns
    // `status`.
    int refuse(const std::string & message, int status) const;

  private:
    const page_files & page() const override { return files; }
    void               set_encoding(const llama_ui_asset & asset, httplib::Response & response) const override;
    bool   shows_log(enum ggml_log_level level, const char * text) override { return log.shows(level, text); }
    bool   bind(httplib::Server & server, const std::string & host, int & port, bool may_choose) override;
    size_t max_connections() const override;
    void watch_connections(httplib::Server & server, httplib::TaskQueue & workers, const std::string & prefix) override;
    void close_connections() override;
    bool admit(const httplib::Request & request, httplib::Response & response) override;
    void explain_refusal(httplib::Response & response) const override;
    bool is_own_path(const std::string & path) const override;
    void add_routes(const server_http_context & http) override;
    void on_listening(const std::vector<std::string> & addresses) override;
    void on_loading(float fraction) override;
    void on_ready(llama_context * context) override;
    void on_ended() override;
    void on_stop() override;
    void on_close() override;

    listener                         listener_;
    std::unique_ptr<connection_gate> gate_;
    mkexe::hooks_scope               scope_;  // the last member, so llama.cpp never sees an incomplete session
};
