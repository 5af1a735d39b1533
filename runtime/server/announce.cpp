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

// Opens a browser if there is a desktop, and says what happens.
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

// Writes a short form of what `doctor` shows to llama.cpp's log.
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
        say("Another address of this server: " + safe_line(addresses[i]));
    }
    // the address above works only on this computer, even if other computers can connect
    if (!settings_.open_hosts.empty()) {
        say("Other computers can connect too: the server listens on " + safe_line(settings_.open_hosts) +
            ". They need the key.");
    }
}

std::string announcement::listening(const std::vector<std::string> & addresses) {
    listening_ = true;
    if (settings_.lock) {
        std::string own;  // the first address that only this computer can reach
        for (size_t i = 0; i < addresses.size() && own.empty(); i++) {
            const auto address = page_address(addresses[i]);
            own                = is_own_address(address) ? address : "";
        }
        publish_instance(*settings_.lock, own);
    }
    say_addresses(addresses);
    std::fprintf(stderr, "%s stops the program. %s --help shows the options.\n",
                 console_is_own() ? "Closing this window" : "Ctrl-C", settings_.program.c_str());
    std::fprintf(stderr, "Loading %s ...\n", readable_size(double(weight_bytes(source_.contents)), 0).c_str());
    log_kernels();
    return settings_.settle_memory ? settings_.settle_memory() : "";
}

// A chat is shorter than the model allows if the memory is too small, or because few chats need more (memory-budget.h).
void announcement::ready(llama_context * context) const {
    const auto held    = unsigned(llama_n_ctx(context));
    const auto trained = unsigned(llama_model_n_ctx_train(llama_get_model(context)));
    if (settings_.context_chosen && held < trained) {
        std::fprintf(stderr, "A chat can have %u tokens. The model could use %u%s.\n", held, trained,
                     held < usual_context ? ", but there is not enough memory" : " (--ctx-size 0)");
    }
    std::fprintf(stderr, "Ready.\n");
}

// What to do if llama.cpp's log has these words (tools/server/server-context.cpp, common/common.cpp).
static const std::pair<const char *, const char *> advice_for_errors[] = {
    { "failed to load multimodal model",
      "A projector (--mmproj) must be the one that was made for this model. With --no-mmproj the program starts "
      "without "
      "it, and the model cannot see or hear." },
    { "failed to load lora adapter", "An adapter (--lora) must be a file that was made for this model." },
    { "failed to load control vector",
      "A control vector (--control-vector) must be a file that was made for this model." },
};

std::string announcement::failure(const std::string & listener_problem, const std::string & errors) const {
    if (!listener_problem.empty()) {
        return listener_problem;
    }
    auto text = (listening_ ? "The model could not be loaded.\n" : "The server could not start.\n") + errors;
    if (!settings_.log_path.empty()) {
        text += "The whole log: " + settings_.log_path + "\n";
    }
    for (const auto & [words, advice] : advice_for_errors) {
        if (errors.find(words) != std::string::npos) {
            return text + advice;
        }
    }
    return text + settings_.program + " verify checks the file; a smaller --ctx-size needs less memory.";
}
