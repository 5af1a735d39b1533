#include "server/announce.h"

#include "backends/cpu-dispatch.h"
#include "base/safe-text.h"
#include "base/text.h"
#include "lifecycle/single-instance.h"
#include "llama.h"
#include "log.h"
#include "platform/console.h"
#include "platform/desktop.h"
#include "platform/system.h"
#include "server/memory-budget.h"

#include <cstdio>

announcement::announcement(const artifact & source, announce_settings settings) :
    source_(source), settings_(std::move(settings)) {
    settings_.program  = safe_line(settings_.program);
    settings_.log_path = safe_line(settings_.log_path);
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

std::string announcement::page_address(std::string address) const {
    if (address.rfind("http", 0) != 0) {
        return "";
    }
    for (const auto & [every, own] : { std::pair("//0.0.0.0:", "//127.0.0.1:"), std::pair("//[::]:", "//[::1]:") }) {
        const auto found = address.find(every);
        if (found != std::string::npos) {
            address.replace(found, std::string(every).size(), own);
        }
    }
    return address + settings_.path_prefix + "/";
}

void announcement::say_addresses(const std::vector<std::string> & addresses) const {
    const auto address = page_address(addresses[0]);
    if (address.empty()) {
        say("\n    " + safe_line(addresses[0]) + "\n");
    } else {
        show_page(address, settings_.open_browser);
    }
    for (size_t i = 1; i < addresses.size(); i++) {
        say("It can also be reached at " + safe_line(addresses[i]));
    }
    // the address that is shown leads to this computer alone, also where the server listens to all others
    if (!settings_.open_hosts.empty()) {
        say("Other computers can connect too: the server listens on " + safe_line(settings_.open_hosts) +
            ". They need the key.");
    }
}

std::string announcement::listening(const std::vector<std::string> & addresses) {
    listening_ = true;
    if (settings_.lock) {
        std::string own;  // the first page that is this computer's alone
        for (size_t i = 0; i < addresses.size() && own.empty(); i++) {
            const auto address = page_address(addresses[i]);
            own                = is_own_address(address) ? address : "";
        }
        publish_instance(*settings_.lock, own);
    }
    say_addresses(addresses);
    std::fprintf(stderr, "%s stops the program. %s --help says more.\n",
                 console_is_own() ? "Closing this window" : "Ctrl-C", settings_.program.c_str());
    std::fprintf(stderr, "Loading %s ...\n", readable_size(double(weight_bytes(source_.contents)), 0).c_str());
    log_kernels();
    return settings_.settle_memory ? settings_.settle_memory() : "";
}

// What the model could take is not taken where memory has no room for it, or where few need it (memory-budget.h).
void announcement::ready(llama_context * context) const {
    const auto held    = unsigned(llama_n_ctx(context));
    const auto trained = unsigned(llama_model_n_ctx_train(llama_get_model(context)));
    if (settings_.context_chosen && held < trained) {
        std::fprintf(stderr, "A chat can be %u tokens long; the model could take %u%s.\n", held, trained,
                     held < usual_context ? ", for which the memory has no room" : " (--ctx-size 0)");
    }
    std::fprintf(stderr, "Ready.\n");
}

std::string announcement::failure(const std::string & listener_problem, const std::string & errors) const {
    if (!listener_problem.empty()) {
        return listener_problem;
    }
    auto text = (listening_ ? "The model could not be loaded.\n" : "The server could not start.\n") + errors;
    if (!settings_.log_path.empty()) {
        text += "The whole log: " + settings_.log_path + "\n";
    }
    // upstream's words (tools/server/server-context.cpp)
    if (errors.find("failed to load multimodal model") != std::string::npos) {
        return text +
               "A projector (--mmproj) must be the one that was made for this model; --no-mmproj starts without one, "
               "and "
               "the model sees and hears nothing.";
    }
    return text + settings_.program + " verify checks the file; a smaller --ctx-size needs less memory.";
}
