#include "server/options.h"

#include "base/text.h"

#include <algorithm>
#include <cstdlib>

static constexpr double most_idle_minutes = 60 * 24 * 365;

static result<double> parse_minutes(const std::string & text) {
    char *       end    = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(number > 0 && number <= most_idle_minutes)) {
        return failure{ "--exit-when-idle: expected minutes, more than 0, found \"" + text + "\"." };
    }
    return number;
}

result<serve_options> parse_serve_options(const std::vector<std::string> & arguments) {
    serve_options options;
    for (size_t i = 0; i < arguments.size(); i++) {
        const auto & word = arguments[i];
        if (word == "--no-browser") {
            options.open_browser = false;
        } else if (word == "--new") {
            options.new_instance = true;
        } else if (word == "--verbose") {
            options.verbose = true;
        } else if (word == "--no-quit") {
            options.may_quit = false;
        } else if (word == "--no-memory-check") {
            options.check_memory = false;
        } else if (word == "--exit-with-input") {
            options.with_input = true;
        } else if (word == "--portable") {
            options.chats = chat_place::beside_file;
        } else if (word == "--ephemeral") {
            options.chats = chat_place::nowhere;
        } else if (word == "--exit-when-idle" || word.rfind("--exit-when-idle=", 0) == 0) {
            const bool joined  = word.find('=') != std::string::npos;
            const auto minutes = parse_minutes(joined                   ? word.substr(word.find('=') + 1) :
                                               i + 1 < arguments.size() ? arguments[++i] :
                                                                          "");
            if (!minutes) {
                return failure{ minutes.message() };
            }
            options.idle_minutes = minutes.value();
        } else {
            options.server_arguments.push_back(word);
        }
    }
    return options;
}

bool names_option(const std::vector<std::string> & arguments, const std::vector<std::string> & names) {
    return std::any_of(arguments.begin(), arguments.end(),
                       [&](const std::string & word) { return contains(names, word.substr(0, word.find('='))); });
}
