#include "app.h"
#include "child-process.h"
#include "desktop.h"
#include "exit-status.h"
#include "files.h"
#include "platform.h"
#include "user-folders.h"

#include <chrono>
#include <thread>

static constexpr auto    between_looks = std::chrono::milliseconds(50);
// the server's last words on the console (start.cpp)
static const std::string ready         = "\nReady.\n";

bool is_opened_as_app(const std::vector<std::string> & arguments) {
    return arguments.empty() && !is_terminal(stdin) && !bundled_artifact(executable_path()).empty();
}

// A file for what the server says, of this start alone.
static std::string output_path(const artifact & source) {
    const auto folder = find_user_folders().state;
    if (folder.empty() || make_folder(folder).problem != write_problem::none) {
        return "";
    }
    return folder + "/" + source.contents.name + "-console.txt";
}

static std::string text_of(const std::string & path) {
    const auto content = path.empty() ? outcome<std::string>(std::string()) : read_file(path);
    return content ? content.value() : "";
}

static int fail(const artifact & source, const std::string & said) {
    show_alert(source.contents.title + " could not start", said);
    return exit_failed;
}

int run_app(const artifact & source) {
    const auto output = output_path(source);
    const auto server = start_process({ executable_path(), "serve" }, output);
    if (!server) {
        return fail(source, server.message());
    }
    for (;;) {
        const auto said   = text_of(output);
        const int  status = status_of_process(server.value());
        if (status > 0) {
            return fail(source, text_of(output));
        }
        // without a file there is nothing to look at: the server is left alone
        if (status == 0 || output.empty() || said.find(ready) != std::string::npos) {
            return exit_good;
        }
        std::this_thread::sleep_for(between_looks);
    }
}
