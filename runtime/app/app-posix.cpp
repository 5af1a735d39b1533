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

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

static constexpr auto    between_looks = std::chrono::milliseconds(50);
// the server's last words on the console when all is well (announce.cpp)
static const std::string ready         = "\nReady.\n";

bool is_opened_as_app(const std::vector<std::string> & arguments) {
    return arguments.empty() && !is_terminal(stdin) && !bundled_artifact(executable_path()).empty();
}

// A file for what the server says, of this start alone.
static std::string output_path(const artifact & source) {
    const auto folder = find_user_folders().state;
    if (folder.empty() || make_folder(folder).problem != write_problem::none ||
        !is_own_folder(folder, folder_link::ours_leads_there)) {
        return "";
    }
    return folder + "/" + source.contents.name + app_output_ending;
}

static std::string read_output(const std::string & path) {
    const auto said = path.empty() ? result<std::string>(std::string()) : read_file(path);
    return said ? said.value() : "";
}

static int fail(const artifact & source, const std::string & said) {
    show_alert(source.contents.title + " could not start", said);
    return exit_failed;
}

// Waits for the server's end; the status that the app ends with.
static int follow(const artifact & source, int server, const std::string & output) {
    int status = status_of_process(server);
    while (status < 0) {
        std::this_thread::sleep_for(between_looks);
        status = status_of_process(server);
    }
    const auto said = read_output(output);
    return status == exit_good || said.find(ready) != std::string::npos ? status : fail(source, said);
}

static int server_process = 0;

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
    const auto server = start_process({ executable_path(), "serve", "--exit-with-input" }, output);
    if (!server) {
        return fail(source, server.message());
    }
    take_lock(output);  // against `clean`
    server_process = server.value();
    std::signal(SIGTERM, stop_server);
    // however the server ends, by the page's button too, the icon goes with it
    std::thread follower([&] { std::_Exit(follow(source, server_process, output)); });
    stay_in_dock(source.contents.title, { [&] { open_page(source); },
                                          [] {
                                              stop_server(SIGTERM);
                                          } });
    follower.join();
    return exit_good;
}
