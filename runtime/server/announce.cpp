#include "server/announce.h"

#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "base/safe-text.h"
#include "base/text.h"
#include "lifecycle/loading.h"
#include "lifecycle/shutdown.h"
#include "lifecycle/single-instance.h"
#include "llama.h"
#include "log.h"
#include "platform/console.h"
#include "platform/desktop.h"
#include "platform/system.h"
#include "server/listener.h"
#include "server/memory-budget.h"
#include "upstream-hooks.h"
#include "upstream/log-filter.h"

#include <cstdio>
#include <cstdlib>

static start_settings settings;
static bool           listening = false;

void prepare_start(start_settings wanted) {
    settings          = std::move(wanted);
    settings.program  = safe_line(settings.program);
    settings.log_path = safe_line(settings.log_path);
}

// Opens a browser where there is a desktop and says what happens.
static void show_page(const std::string & address, bool with_browser) {
    const auto reason = with_browser ? why_no_browser() : "";
    say("\n    " + safe_line(address) + "\n");
    if (with_browser && reason.empty() && open_browser(address)) {
        std::fprintf(stderr, "This address opens in your browser.\n");
    } else if (reason.empty()) {
        std::fprintf(stderr, "Open this address in a browser.\n");
    } else {
        std::fprintf(stderr, "Open this address in a browser (none is opened: %s).\n", reason.c_str());
    }
}

void open_page(const std::string & address, bool with_browser, bool other_options) {
    std::fprintf(stderr, other_options ?
                             "It is running already, with the options of its own start; --new starts another.\n" :
                             "It is running already; --new starts another.\n");
    show_page(address, with_browser);
}

// For llama.cpp's log: what doctor says in full.
static void log_kernels() {
    std::string scores;
    for (const auto & variant : cpu_variants()) {
        scores += (scores.empty() ? "" : ", ") + std::string(variant.name) + " " + std::to_string(variant.score);
    }
    if (const auto chosen = chosen_cpu_variant()) {
        LOG_INF("kernels: %s, %s (scores: %s)\n", chosen.value().name, chosen_cpu_reason(), scores.c_str());
    }
}

// The address as a browser on this computer reaches it; empty for a socket of the file system.
static std::string page_address(std::string address) {
    if (address.rfind("http", 0) != 0) {
        return "";
    }
    for (const auto & [every, own] : { std::pair("//0.0.0.0:", "//127.0.0.1:"), std::pair("//[::]:", "//[::1]:") }) {
        const auto found = address.find(every);
        if (found != std::string::npos) {
            address.replace(found, std::string(every).size(), own);
        }
    }
    return address + settings.path_prefix + "/";
}

// The address that is shown leads to this computer alone, also where the server listens to all others.
static void say_who_can_connect() {
    if (!settings.open_hosts.empty()) {
        say("Other computers can connect too: the server listens on " + safe_line(settings.open_hosts) +
            ". They need the key.");
    }
}

// The first page that is this computer's alone; empty where there is none.
static std::string own_page_address(const std::vector<std::string> & addresses) {
    for (const auto & listening : addresses) {
        if (const auto address = page_address(listening); is_own_address(address)) {
            return address;
        }
    }
    return "";
}

// Ends the program where the context that was asked for has no room.
static void refuse_context() {
    const auto problem = settings.settle_memory ? settings.settle_memory() : "";
    if (!problem.empty()) {
        say(problem);
        std::_Exit(exit_memory);
    }
}

void mkexe::on_listening(const std::vector<std::string> & addresses) {
    if (!settings.source || listening) {
        return;
    }
    listening          = true;
    const auto address = page_address(addresses[0]);
    if (settings.publish) {
        publish_instance(*settings.source, own_page_address(addresses));
    }
    if (address.empty()) {
        say("\n    " + safe_line(addresses[0]) + "\n");
    } else {
        show_page(address, settings.open_browser);
    }
    for (size_t i = 1; i < addresses.size(); i++) {
        say("It can also be reached at " + safe_line(addresses[i]));
    }
    say_who_can_connect();
    std::fprintf(stderr, "%s stops the program. %s --help says more.\n",
                 console_is_own() ? "Closing this window" : "Ctrl-C", settings.program.c_str());
    std::fprintf(stderr, "Loading %s ...\n", readable_size(double(weight_bytes(settings.source->contents)), 0).c_str());
    log_kernels();
    refuse_context();
}

// What the model could take is not taken where memory has no room for it, or where few need it (memory-budget.h).
static void say_context(llama_context * context) {
    const auto held    = unsigned(llama_n_ctx(context));
    const auto trained = unsigned(llama_model_n_ctx_train(llama_get_model(context)));
    if (settings.context_chosen && held < trained) {
        std::fprintf(stderr, "A chat can be %u tokens long; the model could take %u%s.\n", held, trained,
                     held < usual_context ? ", for which the memory has no room" : " (--ctx-size 0)");
    }
}

void mkexe::on_ready(llama_context * context) {
    end_loading();
    server_can_stop();
    if (settings.source) {
        say_context(context);
        std::fprintf(stderr, "Ready.\n");
    }
}

void explain_failure() {
    if (!listener_problem().empty()) {
        say(listener_problem());
        return;
    }
    const auto errors = first_log_errors();
    std::fprintf(stderr, "%s\n%s", listening ? "The model could not be loaded." : "The server could not start.",
                 errors.c_str());
    if (!settings.log_path.empty()) {
        std::fprintf(stderr, "The whole log: %s\n", settings.log_path.c_str());
    }
    // upstream's words (tools/server/server-context.cpp)
    if (errors.find("failed to load multimodal model") != std::string::npos) {
        std::fprintf(stderr,
                     "A projector (--mmproj) must be the one that was made for this model; --no-mmproj starts "
                     "without one, and the model sees and hears nothing.\n");
        return;
    }
    std::fprintf(stderr, "%s verify checks the file; a smaller --ctx-size needs less memory.\n",
                 settings.program.c_str());
}
