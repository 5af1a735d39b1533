#include "server/health.h"

#include "base/exit-status.h"
#include "base/safe-text.h"
#include "base/suggest.h"
#include "base/text.h"
#include "commands/command-options.h"
#include "commands/commands.h"
#include "lifecycle/single-instance.h"
#include "platform/console.h"
#include "platform/system.h"

#include <cstdio>

static constexpr const char * usual_port  = "8080";  // llama.cpp's default (common/common.h)
static constexpr auto         answer_time = std::chrono::seconds(5);

// The value of --NAME in this command, else in the artifact's options, else of llama.cpp's variable.
static std::string option_or_variable(const command_options & options,
                                      const command_options & bundled,
                                      const std::string &     name,
                                      const char *            variable) {
    return value_of(options, name, value_of(bundled, name, environment(variable)));
}

// An address that a client can use to reach a server that listens on `host`.
static std::string reachable(const std::string & host) {
    return host.empty() || host == "0.0.0.0" || host == "localhost" ? "127.0.0.1" :
           host == "::"                                             ? "[::1]" :
           host.find(':') != std::string::npos && host[0] != '['    ? "[" + host + "]" :
                                                                      host;
}

static int say(const std::string & address, const char * what, int status) {
    std::fprintf(status == exit_good ? stdout : stderr, "%s: %s\n", safe_line(address).c_str(), what);
    return status;
}

// Asks the server at "http://HOST:PORT" or, with an API prefix, "http://HOST:PORT/PREFIX".
static int ask(const std::string & address) {
    switch (ask_health(address, answer_time)) {
        case health::none:
            return say(address, "no answer", exit_failed);
        case health::ready:
            return say(address, "ready", exit_good);
        case health::loading:
            return say(address, "the model is loading", exit_failed);
        default:
            return say(address, "another program answers there", exit_failed);
    }
}

static bool is_port(const std::string & text) {
    return is_number_to(text, 65535) && std::stoi(text) > 0;
}

int show_health(const artifact & source, const std::vector<std::string> & arguments) {
    const std::vector<std::vector<std::string>> names = { { "--host" }, { "--port" }, { "--api-prefix" } };

    const auto options = parse_command_options({}, arguments, names);
    const auto bundled = parse_command_options({}, source.contents.default_args, names);
    if (!options || !bundled) {
        say((options ? bundled : options).message() + " Try health --help.");
        return exit_usage;
    }
    if (const auto & others = options.value().server.arguments; !others.empty()) {
        const auto advice = did_you_mean(others[0], options.value().server.own_names);
        say("health: unexpected argument \"" + others[0] + "\"" + advice + " Try health --help.");
        return exit_usage;
    }
    const auto host = option_or_variable(options.value(), bundled.value(), "--host", "LLAMA_ARG_HOST");
    const auto port = option_or_variable(options.value(), bundled.value(), "--port", "LLAMA_ARG_PORT");
    if (!port.empty() && !is_port(port)) {
        say("health: expected a port from 1 to 65535, found \"" + port + "\".");
        return exit_usage;
    }
    // without --port the server may have chosen another port; it has published that
    const auto published = host.empty() && port.empty() ? published_address(source) : "";
    if (!published.empty()) {
        return ask(published.substr(0, published.size() - 1));  // it ends in a slash
    }
    const auto prefix = option_or_variable(options.value(), bundled.value(), "--api-prefix", "LLAMA_ARG_API_PREFIX");
    return ask("http://" + reachable(host) + ":" + (port.empty() ? usual_port : port) + prefix);
}
