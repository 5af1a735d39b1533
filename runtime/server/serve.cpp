#include "server/serve.h"

#include "api/mkexe-routes.h"
#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "base/loopback.h"
#include "base/safe-text.h"
#include "common.h"
#include "lifecycle/loading.h"
#include "lifecycle/log-file.h"
#include "lifecycle/memory-check.h"
#include "lifecycle/shutdown.h"
#include "lifecycle/single-instance.h"
#include "log.h"
#include "platform/console.h"
#include "platform/crash.h"
#include "platform/files.h"
#include "platform/own-folder.h"
#include "platform/system.h"
#include "platform/user-folders.h"
#include "server/announce.h"
#include "server/health.h"
#include "server/listener.h"
#include "server/memory-budget.h"
#include "server/options.h"
#include "server/request-guard.h"
#include "server/slots.h"
#include "upstream/artifact-fopen.h"
#include "upstream/context-meter.h"
#include "upstream/log-filter.h"
#include "upstream/page-assets.h"
#include "upstream/server-arguments.h"

#include <algorithm>
#include <cstdio>

// upstream's tools/server/server.cpp
int llama_server(common_params & params, int argc, char ** argv);

static const std::vector<std::string> log_options = {
    "-v", "--verbose", "--log-verbose", "-lv", "--verbosity", "--log-verbosity", "--log-file", "--log-disable"
};

static bool is_said(const std::vector<std::string> & arguments,
                    const std::vector<std::string> & names,
                    const char *                     variable) {
    return names_option(arguments, names) || !environment(variable).empty();
}

static int refuse_start(const std::string & message, int status) {
    say(message);
    return status;
}

static std::string chats_folder(const artifact & source, chat_place place) {
    const auto & name = source.contents.name;
    const auto   data = find_user_folders().data;
    switch (place) {
        case chat_place::beside_file:
            return native_path(path_in_same_folder(source.path, name + "-chats"));
        case chat_place::user_folder:
            return data.empty() ? "" : native_path(data + "/" + name + "/chats");
        default:
            return "";
    }
}

// None where another user may read, remove or plant them.
static std::string trusted_chats_folder(const artifact & source, chat_place place) {
    const auto folder = chats_folder(source, place);
    if (!is_planted(folder)) {
        return folder;
    }
    say("Chats are not kept: another user made " + safe_line(folder) + ", or what lies above it.");
    return "";
}

// The hosts of --host that let other computers in, with commas between; empty where there are none.
static std::string hosts_for_others(const common_params & params) {
    std::string hosts;
    for (const auto & host : params.hostnames) {
        if (!is_loopback(host)) {
            hosts += (hosts.empty() ? "" : ", ") + host;
        }
    }
    return hosts;
}

static std::string loopback_problem(const common_params & params) {
    for (const auto & host : params.hostnames) {
        if (auto problem = is_loopback_name(host) ? find_loopback_problem(host) : ""; !problem.empty()) {
            return problem;
        }
    }
    return "";
}

// What upstream offers and native/patches/single-model.patch leaves out.
static bool asks_for_tools(const common_params & params) {
    return !params.server_tools.empty() || params.ui_mcp_proxy || !params.mcp_servers_config.empty() ||
           !params.mcp_servers_json.empty();
}

// Tells the modules that upstream's server calls what they need to know.
static int prepare_modules(const artifact &      source,
                           const serve_options & options,
                           start_settings        start,
                           common_params &       params) {
    start.open_hosts = hosts_for_others(params);
    const bool open  = !start.open_hosts.empty();
    if (open && params.api_keys.empty()) {
        return refuse_start(
            "--host lets other computers in, and anybody there could use this one.\n"
            "Add --api-key-file with a file that holds a key of your choice, or set LLAMA_API_KEY; the page asks for "
            "it.",
            exit_usage);
    }
    if (asks_for_tools(params)) {
        return refuse_start(
            "--tools, --agent, --mcp-servers-config, --mcp-servers-json and --ui-mcp-proxy let a model run commands\n"
            "and open connections. This program does neither; a program that uses its API can.",
            exit_usage);
    }
    if (params.port < 0 || params.port > 65535) {
        return refuse_start("--port: expected 0 to 65535, found " + std::to_string(params.port) + ".", exit_usage);
    }
    if (const auto problem = loopback_problem(params); !problem.empty()) {
        return refuse_start(problem, exit_failed);
    }
    const auto origins = parse_origins(params.cors_origins);
    if (!origins) {
        return refuse_start(origins.message(), origins.status());
    }
    guard_rules rules;
    rules.loopback_only = !open;
    rules.origins       = origins.value();
    rules.page_policy   = page_policy();
    set_guard_rules(rules);
    prepare_own_routes(
        { source.contents.name, params.api_prefix, trusted_chats_folder(source, options.chats), options.may_quit });
    start.path_prefix    = params.api_prefix;
    start.context_chosen = params.n_ctx == 0;
    // reads the model's metadata, so after the server answers
    const bool any_slots = ask_for_most_slots(params);
    start.settle_memory  = [&params, &source, any_slots,
                           wishes = read_memory_wishes(options.server_arguments, options.check_memory)] {
        const context_meter meter(params);
        if (any_slots) {
            choose_slots(meter, params);
        }
        return settle_memory(source, wishes, meter, params);
    };
    prepare_start(start);
    begin_loading(source);
    watch_console();
    if (options.idle_minutes > 0) {
        exit_when_idle(options.idle_minutes);
    }
    if (options.with_input) {
        exit_with_input();
    }
    return exit_good;
}

static int run_server(common_params & params) {
    // the router alone, which this is not, looks at the arguments; with them upstream handles signals
    char * arguments[] = { nullptr };
    llama_backend_init();
    llama_numa_init(params.numa);
    const int status = llama_server(params, 0, arguments);
    common_log_flush(common_log_main());
    if (status != exit_good) {
        explain_failure();
    }
    return status;
}

// Who says where to listen, who may ask or where chats are kept wants a server like that, not the one that runs.
static bool wants_own_server(const std::vector<std::string> & user_arguments, const serve_options & options) {
    const auto said = parse_serve_options(user_arguments);
    return options.new_instance || (said && said.value().chats != chat_place::user_folder) ||
           is_said(options.server_arguments, { "--port" }, "LLAMA_ARG_PORT") ||
           is_said(options.server_arguments, { "--host" }, "LLAMA_ARG_HOST") ||
           is_said(user_arguments, { "--api-key" }, "LLAMA_API_KEY") ||
           names_option(user_arguments, { "--api-key-file" });
}

static bool says_more_than_no_browser(const std::vector<std::string> & user_arguments) {
    return std::any_of(user_arguments.begin(), user_arguments.end(),
                       [](const std::string & word) { return word != "--no-browser"; });
}

// Opens the page of a start that runs already. Wrong options are refused all the same.
static int open_other(const artifact &                 source,
                      const std::vector<std::string> & user_arguments,
                      const serve_options &            options,
                      const std::string &              address) {
    serve_embedded_files(source);
    show_log_on_console(false);
    common_params params;
    if (!read_server_arguments(source, options.server_arguments, "", params)) {
        return refuse_start("Try --help, or --help-server for all of llama.cpp's options.", exit_usage);
    }
    open_page(address, options.open_browser, says_more_than_no_browser(user_arguments));
    return exit_good;
}

static int start_server(const artifact & source, const serve_options & options, bool first) {
    if (const auto page = serve_page(source); !page) {
        return refuse_start(page.message() + "\n" + damaged_hint, exit_damaged);
    }
    if (const auto problem = options.check_memory ? find_weights_problem(source) : ""; !problem.empty()) {
        return refuse_start(problem, exit_memory);
    }
    serve_embedded_files(source);
    const bool log_said = is_said(options.server_arguments, log_options, "LLAMA_ARG_LOG_VERBOSITY");
    show_log_on_console(options.verbose || log_said);

    start_settings start;
    start.source   = &source;
    start.program  = file_name(source.path);
    start.log_path = log_said ? "" : claim_log_file(source, first);
    name_log_in_crashes(start.log_path);
    start.open_browser = options.open_browser;
    start.publish      = first;

    common_params params;
    if (!read_server_arguments(source, options.server_arguments, start.log_path, params)) {
        return refuse_start("Try --help, or --help-server for all of llama.cpp's options.", exit_usage);
    }
    const int status = prepare_modules(source, options, start, params);
    return status == exit_good ? run_server(params) : status;
}

int serve(const artifact & source, const std::vector<std::string> & user_arguments) {
    const auto variant = chosen_cpu_variant();
    if (!variant) {
        return refuse_start(variant.message(), exit_unsupported);
    }
    auto words = source.contents.default_args;
    words.insert(words.end(), user_arguments.begin(), user_arguments.end());
    const auto options = parse_serve_options(words);
    if (!options) {
        return refuse_start(options.message() + " Try --help.", exit_usage);
    }
    say(source.contents.title);
    ask_for_exact_port(is_said(options.value().server_arguments, { "--port" }, "LLAMA_ARG_PORT"));
    const auto claimed = claim_instance(source);
    const bool joins   = claimed == claim::taken && !wants_own_server(user_arguments, options.value());
    if (const auto other = joins ? find_instance(source, answers_at) : ""; !other.empty()) {
        return open_other(source, user_arguments, options.value(), other);
    }
    return start_server(source, options.value(), claimed == claim::ours);
}
