#include "app/app.h"
#include "artifact/bundle.h"
#include "base/exit-status.h"
#include "lifecycle/single-instance.h"
#include "platform/child-process.h"
#include "platform/desktop.h"
#include "platform/dock.h"
#include "platform/file-lock.h"
#include "platform/files.h"
#include "platform/own-folder.h"
#include "platform/system.h"
#include "platform/user-folders.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

bool is_opened_as_app(const std::vector<std::string> & arguments) {
    return arguments.empty() && !is_terminal(stdin) && !bundled_artifact(executable_path()).empty();
}

// The file for the server's console output of this start.
static std::string output_path(const artifact & source) {
    const auto folder = find_user_folders().state;
    if (folder.empty() || make_folder(folder).problem != write_problem::none ||
        !is_own_folder(folder, folder_link::ours_leads_there)) {
        return "";
    }
    return folder + "/" + source.contents.name + app_output_ending;
}

static std::string read_output(const std::string & path) {
    const auto output = path.empty() ? result<std::string>(std::string()) : read_file(path);
    return output ? output.value() : "";
}

static int fail(const artifact & source, const std::string & output) {
    show_alert(source.contents.title + " could not start", output);
    return exit_failed;
}

// Waits for the end of the server. Returns the exit status of the app. If the server was never ready, it could not
// start.
static int follow(const artifact & source, const started_process & server, const std::string & output) {
    bool        ready = false;
    std::string problem;
    for (std::string line; read_line_of(server.status, line);) {
        const auto event = nlohmann::json::parse(line, nullptr, false);
        const auto name  = event.is_object() ? event.value("event", "") : "";
        ready            = ready || name == "ready";
        problem          = name == "failed" ? event.value("message", "") : problem;
    }
    const int status = wait_for_process(server.process);
    // a crash was reported only on the server's console
    return status == exit_good || ready ? status : fail(source, problem.empty() ? read_output(output) : problem);
}

static std::atomic<int> server_process = 0;  // for the signal handler

static void stop_server(int) {
    stop_process(server_process);
}

static void open_page(const artifact & source) {
    const auto address = published_address(source);
    if (!address.empty()) {
        open_browser(address);
    }
}

int run_app(const artifact & source) {
    const auto output = output_path(source);
    const auto server = start_process(
        { executable_path(), "serve", "--exit-with-input", "--status-fd", std::to_string(status_descriptor) }, output);
    if (!server) {
        return fail(source, server.message());
    }
    file_lock lock;
    lock.take(output);  // keeps `clean` from removing it
    server_process = server.value().process;
    std::signal(SIGTERM, stop_server);
    // when the server ends in whatever way, the icon disappears
    std::thread follower([&] { std::_Exit(follow(source, server.value(), output)); });
    stay_in_dock(source.contents.title, { [&] { open_page(source); },
                                          [] {
                                              stop_server(SIGTERM);
                                          } });
    follower.join();
    return exit_good;
}
