#include "commands/command-options.h"

#include "server/options.h"

#include <algorithm>

static const std::vector<std::string> * find_option(const std::vector<std::vector<std::string>> & names,
                                                    const std::string &                           argument) {
    for (const auto & spellings : names) {
        if (std::find(spellings.begin(), spellings.end(), argument) != spellings.end()) {
            return &spellings;
        }
    }
    return nullptr;
}

result<command_options> parse_command_options(const std::vector<std::string> &              defaults,
                                              const std::vector<std::string> &              arguments,
                                              const std::vector<std::vector<std::string>> & names) {
    const auto bundled = parse_serve_options(defaults);
    if (!bundled) {
        return failure{ bundled.message() };
    }
    command_options options;
    options.server = { bundled.value().server_arguments,
                       { "--verbose", "--no-memory-check", "--help", "--help-server" } };
    for (const auto & spellings : names) {
        options.server.own_names.insert(options.server.own_names.end(), spellings.begin(), spellings.end());
    }
    if (!bundled.value().check_memory) {
        options.server.arguments.push_back("--no-memory-check");  // local_server::load() takes it out again
    }
    for (size_t i = 0; i < arguments.size(); i++) {
        const auto & argument = arguments[i];
        const auto   equals   = argument.rfind("--", 0) == 0 ? argument.find('=') : std::string::npos;
        const auto * option   = find_option(names, argument.substr(0, equals));
        if (argument == "--verbose") {
            options.verbose = true;
        } else if (!option) {
            options.server.arguments.push_back(argument);
        } else if (equals != std::string::npos) {
            options.values[option->front()] = argument.substr(equals + 1);
        } else if (i + 1 < arguments.size()) {
            options.values[option->front()] = arguments[++i];
        } else {
            return failure{ argument + ": expected a value after it." };
        }
    }
    return options;
}

std::string value_of(const command_options & options, const std::string & name, const std::string & otherwise) {
    const auto found = options.values.find(name);
    return found == options.values.end() ? otherwise : found->second;
}
