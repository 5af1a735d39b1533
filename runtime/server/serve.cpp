#include "server/serve.h"

#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "base/loopback.h"
#include "base/safe-text.h"
#include "common.h"
#include "lifecycle/log-file.h"
#include "lifecycle/memory-check.h"
#include "lifecycle/single-instance.h"
#include "platform/console.h"
#include "platform/crash.h"
#include "platform/files.h"
#include "platform/own-folder.h"
#include "platform/system.h"
#include "platform/user-folders.h"
#include "server/health.h"
#include "server/listener.h"
#include "server/memory-budget.h"
#include "server/options.h"
#include "server/session.h"
#include "server/slots.h"
#include "upstream/context-meter.h"
#include "upstream/server-arguments.h"

#include <algorithm>
#include <functional>

static const std::vector<std::string> log_options = {
    "-v", "--verbose", "--log-verbose", "-lv", "--verbosity", "--log-verbosity", "--log-file", "--log-disable"
};

static bool is_said(const std::vector<std::string> & arguments,
                    const std::vector<std::string> & names,
                    const char *                     variable) {
    return names_option(arguments, names) || !environment(variable).empty();
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

// Empty if another user could read, remove or add chats.
static std::string trusted_chats_folder(const artifact & source, chat_place place) {
    const auto folder = chats_folder(source, place);
    if (!is_planted(folder)) {
        return folder;
    }
    say("Chats are not kept: another user owns " + safe_line(folder) + " or a folder above it.");
    return "";
}

// The values of --host that let other computers connect, with commas between them; empty if there are none.
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

// Whether the options ask for functions of llama.cpp that native/patches/single-model.patch removes.
static bool asks_for_tools(const common_params & params) {
    return !params.server_tools.empty() || params.ui_mcp_proxy || !params.mcp_servers_config.empty() ||
           !params.mcp_servers_json.empty();
}

// Why the server must not start with these options; an empty message if it may.
static failure find_refusal(const common_params & params, const std::string & open_hosts) {
    if (!open_hosts.empty() && params.api_keys.empty()) {
        return {
            "--host lets other computers connect, and then anybody could use this program.\n"
            "Add --api-key-file with a file that contains a key of your choice, or set LLAMA_API_KEY. The page asks "
            "for the key.",
            exit_usage
        };
    }
    if (asks_for_tools(params)) {
        return {
            "--tools, --agent, --mcp-servers-config, --mcp-servers-json and --ui-mcp-proxy let a model run commands\n"
            "and open connections. This program does not do this. A program that uses its API can do it.",
            exit_usage
        };
    }
    if (params.port < 0 || params.port > 65535) {
        return { "--port: expected 0 to 65535, found " + std::to_string(params.port) + ".", exit_usage };
    }
    return { loopback_problem(params), exit_failed };
}

// The function that chooses the memory of a chat. The server calls it when it answers already, because it reads the
// model's metadata.
static std::function<std::string()> memory_settler(const artifact &      source,
                                                   const serve_options & options,
                                                   common_params &       params) {
    const bool any_slots = ask_for_most_slots(params);
    return [&params, &source, any_slots, wishes = read_memory_wishes(options.server_arguments, options.check_memory)] {
        const context_meter meter(params);
        if (any_slots) {
            choose_slots(meter, params);
        }
        return settle_memory(source, wishes, meter, params);
    };
}

static void watch_for_end(const serve_options & options, server_end & end) {
    watch_console();
    if (options.idle_minutes > 0) {
        end.when_idle(options.idle_minutes);
    }
    if (options.with_input) {
        end.with_input();
    }
}

// Prepares what llama.cpp's server will ask the session for.
static int prepare(session &             run,
                   const artifact &      source,
                   const serve_options & options,
                   announce_settings     start,
                   common_params &       params) {
    start.open_hosts = hosts_for_others(params);
    if (const auto refusal = find_refusal(params, start.open_hosts); !refusal.message.empty()) {
        return run.refuse(refusal.message, refusal.status);
    }
    const auto origins = parse_origins(params.cors_origins);
    if (!origins) {
        return run.refuse(origins.message(), origins.status());
    }
    run.guard = request_guard({ start.open_hosts.empty(), origins.value(), run.files.policy() });
    run.routes =
        std::make_unique<mkexe_routes>(routes_settings{ source.contents.name, params.api_prefix,
                                                        trusted_chats_folder(source, options.chats), options.may_quit },
                                       run.progress, run.end);
    start.path_prefix    = params.api_prefix;
    start.context_chosen = params.n_ctx == 0;
    start.settle_memory  = memory_settler(source, options, params);
    run.start.emplace(source, std::move(start));
    run.progress.begin(source);
    watch_for_end(options, run.end);
    return exit_good;
}

// Whether the options need a new server: they say where to listen, who can send requests, or where to keep chats.
static bool wants_own_server(const std::vector<std::string> & user_arguments, const serve_options & options) {
    const auto options_read = parse_serve_options(user_arguments);
    return options.new_instance || (options_read && options_read.value().chats != chat_place::user_folder) ||
           is_said(options.server_arguments, { "--port" }, "LLAMA_ARG_PORT") ||
           is_said(options.server_arguments, { "--host" }, "LLAMA_ARG_HOST") ||
           is_said(user_arguments, { "--api-key" }, "LLAMA_API_KEY") ||
           names_option(user_arguments, { "--api-key-file" });
}

// Whether there are options that change the server itself, and not only the start.
static bool says_more_than_no_browser(const std::vector<std::string> & user_arguments) {
    for (size_t i = 0; i < user_arguments.size(); i++) {
        const auto & word   = user_arguments[i];
        const bool   status = word == "--status-fd";
        if (word != "--no-browser" && !status) {
            return true;
        }
        i += status;
    }
    return false;
}

static user_options to_user_options(const serve_options & options) {
    return { options.server_arguments, own_option_names() };
}

// Opens the page of a server that already runs. Still refuses wrong options.
static int open_other(const session &                  run,
                      const artifact &                 source,
                      const std::vector<std::string> & user_arguments,
                      const serve_options &            options,
                      const std::string &              address) {
    common_params params;
    if (const auto wrong = read_server_arguments(source, to_user_options(options), "", params);
        !wrong.message.empty()) {
        return run.refuse(wrong.message, wrong.status);
    }
    open_page(address, options.open_browser, says_more_than_no_browser(user_arguments));
    run.status.listening(address, { address });
    return exit_good;
}

static int start_server(session & run, const artifact & source, const serve_options & options, const file_lock * lock) {
    if (const auto page = run.files.read(source); !page) {
        return run.refuse(page.message() + "\n" + damaged_hint, exit_damaged);
    }
    if (const auto problem = options.check_memory ? find_weights_problem(source) : ""; !problem.empty()) {
        return run.refuse(problem, exit_memory);
    }
    const bool log_said = is_said(options.server_arguments, log_options, "LLAMA_ARG_LOG_VERBOSITY");
    const auto log      = log_said ? log_file() : claim_log_file(source, lock != nullptr);
    run.log.show_on_console(options.verbose || log_said);
    name_log_in_crashes(log.path);

    announce_settings start;
    start.program      = file_name(source.path);
    start.log_path     = log.path;
    start.open_browser = options.open_browser;
    start.lock         = lock;

    common_params params;
    if (const auto wrong = read_server_arguments(source, to_user_options(options), log.path, params);
        !wrong.message.empty()) {
        return run.refuse(wrong.message, wrong.status);
    }
    const int status = prepare(run, source, options, std::move(start), params);
    return status == exit_good ? run.run(params) : status;
}

static int serve_in(session &                        run,
                    const artifact &                 source,
                    const std::vector<std::string> & user_arguments,
                    const serve_options &            options) {
    if (!options.status_fd.empty() && !run.status.open(options.status_fd)) {
        return run.refuse("--status-fd: expected the number of a file descriptor that is open for writing, found \"" +
                              options.status_fd + "\".",
                          exit_usage);
    }
    if (const auto variant = chosen_cpu_variant(); !variant) {
        return run.refuse(variant.message(), exit_unsupported);
    }
    say(source.contents.title);
    const auto claimed = claim_instance(source);
    const bool joins   = claimed.kind == claim::taken && !wants_own_server(user_arguments, options);
    if (const auto other = joins ? find_instance(source, answers_at) : ""; !other.empty()) {
        return open_other(run, source, user_arguments, options, other);
    }
    return start_server(run, source, options, claimed.kind == claim::ours ? &claimed.lock : nullptr);
}

int serve(const artifact & source, const std::vector<std::string> & user_arguments) {
    auto arguments = source.contents.default_args;
    arguments.insert(arguments.end(), user_arguments.begin(), user_arguments.end());
    const auto options = parse_serve_options(arguments);
    if (!options) {
        say(options.message() + " Try --help.");
        return exit_usage;
    }
    session run(source, is_said(options.value().server_arguments, { "--port" }, "LLAMA_ARG_PORT"));
    return serve_in(run, source, user_arguments, options.value());
}
