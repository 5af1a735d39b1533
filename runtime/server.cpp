#include "server.h"

#include "cpu-dispatch.h"
#include "embedded-file.h"
#include "exit-status.h"
#include "log.h"
#include "machine.h"
#include "page-assets.h"
#include "platform.h"

#include <cstdio>

// upstream's tools/server/server.cpp
int llama_server(int argc, char ** argv);

static std::string served_title;

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

// Called from upstream's server (native/patches/server-start-hooks.patch).
void mkexe_on_listening(const std::vector<std::string> & addresses) {
    std::fprintf(stderr, "%s: loading the model\n", served_title.c_str());
    for (const auto & address : addresses) {
        std::fprintf(stderr, "listening on %s\n", address.c_str());
    }
    log_kernels();
}

void mkexe_on_ready() {
    std::fprintf(stderr, "%s: ready. Open the address above in a browser; Ctrl-C stops.\n", served_title.c_str());
}

// What comes before the user's arguments. There are always more of these than main() takes away: upstream reads
// Windows' own command line again where the numbers match (common_params_parse, common/arg.cpp).
static std::vector<std::string> default_arguments(const artifact & source) {
    // clang-format off
    const auto &             model     = source.contents.models[0];
    std::vector<std::string> arguments = {
        "-m", artifact_path_prefix + model.parts[0].name,
        "--alias", source.contents.name,
        "--cors-origins", "localhost",
    };
    // clang-format on
    if (environment("LLAMA_ARG_LOG_VERBOSITY").empty()) {
        arguments.insert(arguments.end(), { "--log-verbosity", "1" });  // errors
    }
    if (environment("LLAMA_ARG_THREADS").empty()) {
        arguments.insert(arguments.end(), { "--threads", std::to_string(default_threads(read_machine())) });
    }
    arguments.insert(arguments.end(), source.contents.default_args.begin(), source.contents.default_args.end());
    return arguments;
}

static int run_llama_server(std::vector<std::string> arguments) {
    std::vector<char *> pointers;
    for (auto & argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    return llama_server(int(arguments.size()), pointers.data());
}

int serve(const artifact & source, const std::vector<std::string> & user_arguments) {
    const auto variant = chosen_cpu_variant();
    if (!variant) {
        std::fprintf(stderr, "%s\n", variant.message().c_str());
        return exit_unsupported;
    }
    if (const auto page = serve_page(source); !page) {
        std::fprintf(stderr, "%s\n%s\n", page.message().c_str(), damaged_hint);
        return exit_damaged;
    }
    serve_embedded_files(source);
    served_title = source.contents.title;

    std::vector<std::string> arguments = { source.path };
    const auto               defaults  = default_arguments(source);
    arguments.insert(arguments.end(), defaults.begin(), defaults.end());
    arguments.insert(arguments.end(), user_arguments.begin(), user_arguments.end());
    return run_llama_server(arguments);
}
