#include "commands/program.h"

#include "app/app.h"
#include "base/exit-status.h"
#include "base/suggest.h"
#include "base/text.h"
#include "commands/clean.h"
#include "commands/commands.h"
#include "commands/doctor.h"
#include "commands/help.h"
#include "commands/terminal-commands.h"
#include "platform/console.h"
#include "platform/crash.h"
#include "platform/files.h"
#include "server/model-check.h"
#include "server/serve.h"

#include <algorithm>
#include <functional>

using argument_list = std::vector<std::string>;

namespace {

struct command {
    const char *                                                name;
    std::function<int(const artifact &, const argument_list &)> run;
    argument_list flags;  // its own; `takes_server_options` says whether it takes llama.cpp's too
    bool          takes_server_options = false;
    bool          reads_arguments      = false;  // and refuses wrong ones itself
};

}  // namespace

static const std::vector<command> & all_commands() {
    static const std::vector<command> commands = {
        { "serve", serve, {}, true },
        { "chat", chat, {}, true },
        { "run", run_once, {}, true },
        { "bench", bench, {}, true },
        { "info",
          [](const auto & source, const auto & rest) { return show_info(source, !rest.empty()); },
          { "--json" } },
        { "doctor",
          [](const auto & source, const auto & rest) { return show_doctor(source, !rest.empty()); },
          { "--json" } },
        { "health", show_health, {}, false, true },
        { "verify", [](const auto & source, const auto &) { return verify(source); }, {} },
        { "clean", [](const auto & source, const auto &) { return clean(source); }, {} },
        { "licenses", [](const auto & source, const auto &) { return show_licenses(source); }, {} },
    };
    return commands;
}

static const command * find_command(const std::string & name) {
    for (const auto & command : all_commands()) {
        if (name == command.name) {
            return &command;
        }
    }
    return nullptr;
}

static int refuse_command(const std::string & name) {
    std::string   list;
    argument_list names;
    for (const auto & command : all_commands()) {
        list += (list.empty() ? "" : ", ") + std::string(command.name);
        names.push_back(command.name);
    }
    const bool near = !nearest_word(name, names).empty();
    say("\"" + name + "\" is not a command" + (near ? did_you_mean(name, names) : ": expected one of " + list + ".") +
        " Try --help.");
    return exit_usage;
}

static int refuse_argument(const command & chosen, const std::string & argument) {
    const std::string name = chosen.name;
    say(name + ": unexpected argument \"" + argument + "\"" + did_you_mean(argument, chosen.flags) + " Try " + name +
        " --help.");
    return exit_usage;
}

static constexpr const char * unreadable_hint =
    "This file contains the model. It must exist, and this user must have permission to read it.";

// Names the artifact, and the files beside it whose weights are mapped.
static void name_files_in_crashes(const artifact & source) {
    std::vector<sized_file> mapped = { { source.path, source.size } };
    for (const auto & model : source.contents.models) {
        for (const auto & part : model.parts) {
            if (part.is_beside) {
                mapped.push_back({ part.path, part.size });
            }
        }
    }
    name_in_crashes(file_name(source.path), mapped);
}

// `arguments` are all arguments of the program, `rest` are those after the command's name.
static int run_command(const command &       chosen,
                       const std::string &   path,
                       const argument_list & arguments,
                       const argument_list & rest) {
    for (const auto & argument : rest) {
        if (!chosen.takes_server_options && !chosen.reads_arguments && !contains(chosen.flags, argument)) {
            return refuse_argument(chosen, argument);
        }
    }
    const auto source = open_artifact(path);
    if (!source) {
        say(source.message() + "\n" + (source.status() == exit_damaged ? damaged_hint : unreadable_hint));
        return source.status();
    }
    name_files_in_crashes(source.value());
    if (const auto problem = chosen.takes_server_options ? problem_beside(source.value()) : ""; !problem.empty()) {
        say(problem + "\n" + beside_hint);
        return exit_damaged;
    }
    return is_opened_as_app(arguments) ? run_app(source.value()) : chosen.run(source.value(), rest);
}

int run_program(const std::vector<std::string> & command_line) {
    const argument_list arguments(command_line.begin() + std::min<size_t>(1, command_line.size()), command_line.end());
    argument_list       rest = arguments;
    clear_abandoned_programs();
    if (contains(rest, "--version")) {
        return show_version();
    }
    if (!rest.empty() && rest[0] == "check-model") {  // mkexe runs this in a runtime without an artifact
        return check_model(argument_list(rest.begin() + 1, rest.end()));
    }
    const auto  path = find_artifact();
    std::string name;
    if (!rest.empty() && rest[0].rfind('-', 0) != 0) {
        name = rest[0];
        rest.erase(rest.begin());
    }
    const auto * chosen = find_command(name.empty() ? "serve" : name);
    if (!chosen) {
        return refuse_command(name);
    }
    if (contains(rest, "--help") || contains(rest, "-h")) {
        return show_help(file_name(path), name);
    }
    if (chosen->takes_server_options && contains(rest, "--help-server")) {
        // llama.cpp's --help. serve checks the other options before it: mkexe build asks a runtime in this way.
        const auto * serves = find_command("serve");
        std::replace(rest.begin(), rest.end(), std::string("--help-server"), std::string("--help"));
        return run_command(*serves, path, arguments, chosen == serves ? rest : argument_list{ "--help" });
    }
    return run_command(*chosen, path, arguments, rest);
}
