#include "server/options.h"

#include "base/text.h"

#include <algorithm>
#include <cstdlib>

static constexpr double max_idle_minutes = 60 * 24 * 365;

static std::string take_minutes(serve_options & options, const std::string & text) {
    char *       end    = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(number > 0 && number <= max_idle_minutes)) {
        return "--exit-when-idle: expected a number of minutes above 0 and up to 525600, found \"" + text + "\".";
    }
    options.idle_minutes = number;
    return "";
}

static std::string take_status_fd(serve_options & options, const std::string & text) {
    options.status_fd = text;
    return text.empty() ? "--status-fd: expected a number after it." : "";
}

// Sets a member to a value, for flags.
template <auto member, auto value> static std::string set(serve_options & options, const std::string &) {
    options.*member = value;
    return "";
}

const std::vector<serve_option> & all_serve_options() {
    using own = serve_options;

    static const std::vector<serve_option> options = {
        { "--port N", "use only this port (default: 8080, or the next free one)", nullptr },
        { "--no-browser", "only print the address", set<&own::open_browser, false> },
        { "--new", "start even if this file already runs", set<&own::new_instance, true> },
        { "--exit-when-idle N", "end after N minutes without a question", take_minutes },
        { "--exit-with-input", "end when standard input closes, for example a pipe\nwhose other program has ended",
          set<&own::with_input, true> },
        { "--status-fd N", "report the start in JSON lines on file descriptor N", take_status_fd },
        { "--portable", "keep chats beside this file, not in the user's folder",
          set<&own::chats, chat_place::beside_file> },
        { "--ephemeral", "do not keep chats", set<&own::chats, chat_place::nowhere> },
        { "--no-quit", "let nobody end the program from the page", set<&own::may_quit, false> },
        { "--host ADDRESS --api-key-file FILE",
          "let other computers connect with a key from FILE,\nor from the variable LLAMA_API_KEY", nullptr },
        { "-c N, --ctx-size N", "the largest number of tokens in a chat", nullptr },
        { "-t N, --threads N", "the number of processor threads", nullptr },
        { "--no-memory-check", "start even if the model is larger than the memory", set<&own::check_memory, false> },
        { "--verbose", "show llama.cpp's log on the console (else in a file)", set<&own::verbose, true> },
        { "--help-server", "list the options of llama.cpp's server; they work too", nullptr },
    };
    return options;
}

static std::string name_of(const serve_option & option) {
    return option.names.substr(0, option.names.find(' '));
}

std::vector<std::string> own_option_names() {
    std::vector<std::string> names = { "--help", "--help-server", "--version" };
    for (const auto & option : all_serve_options()) {
        if (option.take) {
            names.push_back(name_of(option));
        }
    }
    return names;
}

// mkexe's own option of that name, or null.
static const serve_option * find_option(const std::string & name) {
    for (const auto & option : all_serve_options()) {
        if (option.take && name_of(option) == name) {
            return &option;
        }
    }
    return nullptr;
}

result<serve_options> parse_serve_options(const std::vector<std::string> & arguments) {
    serve_options options;
    for (size_t i = 0; i < arguments.size(); i++) {
        const auto & argument = arguments[i];
        const auto   equals   = argument.find('=');
        const auto * option   = find_option(argument.substr(0, equals));
        const bool   valued   = option && option->names.find(' ') != std::string::npos;
        if (!option || (equals != std::string::npos && !valued)) {
            options.server_arguments.push_back(argument);
            continue;
        }
        std::string value;
        if (valued) {
            value = equals != std::string::npos ? argument.substr(equals + 1) :
                    i + 1 < arguments.size()    ? arguments[++i] :
                                                  "";
        }
        if (const auto problem = option->take(options, value); !problem.empty()) {
            return failure{ problem };
        }
    }
    return options;
}

bool names_option(const std::vector<std::string> & arguments, const std::vector<std::string> & names) {
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string & argument) {
        return contains(names, argument.substr(0, argument.find('=')));
    });
}
