#include "program.h"

#include "commands.h"
#include "doctor.h"
#include "exit-status.h"
#include "server.h"

#include <algorithm>
#include <cstdio>

static bool holds(const std::vector<std::string> & arguments, const std::string & word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
}

static std::string file_name(const std::string & path) {
    return path.substr(path.find_last_of("/\\") + 1);
}

static int unexpected(const std::string & command, const std::string & argument) {
    std::fprintf(stderr, "%s: unexpected argument \"%s\". Try --help.\n", command.c_str(), argument.c_str());
    return exit_usage;
}

static int run_command(const artifact & source, const std::string & command, const std::vector<std::string> & rest) {
    if (command == "info" || command == "doctor") {
        for (const auto & argument : rest) {
            if (argument != "--json") {
                return unexpected(command, argument);
            }
        }
        return command == "info" ? show_info(source, !rest.empty()) : show_doctor(source, !rest.empty());
    }
    if (command == "verify") {
        return rest.empty() ? verify(source) : unexpected(command, rest[0]);
    }
    return serve(source, rest);
}

static bool is_command(const std::string & word) {
    return word == "serve" || word == "info" || word == "verify" || word == "doctor";
}

int run_program(const std::vector<std::string> & arguments) {
    std::vector<std::string> rest(arguments.begin() + std::min<size_t>(1, arguments.size()), arguments.end());
    if (holds(rest, "--version")) {
        return show_version();
    }
    const auto path = find_artifact();
    if (holds(rest, "--help") || holds(rest, "-h")) {
        return show_help(file_name(path));
    }
    std::replace(rest.begin(), rest.end(), std::string("--help-server"), std::string("--help"));

    std::string command = "serve";
    if (!rest.empty() && rest[0].rfind('-', 0) != 0) {
        command = rest[0];
        rest.erase(rest.begin());
        if (!is_command(command)) {
            std::fprintf(stderr, "\"%s\" is no command: expected serve, info, verify or doctor. Try --help.\n",
                         command.c_str());
            return exit_usage;
        }
    }
    const auto source = open_artifact(path);
    if (!source) {
        std::fprintf(stderr, "%s\n%s\n", source.message().c_str(), damaged_hint);
        return exit_damaged;
    }
    return run_command(source.value(), command, rest);
}
