#include "upstream/server-arguments.h"

#include "arg.h"
#include "common.h"
#include "platform/machine.h"
#include "platform/system.h"
#include "server-stream.h"
#include "upstream/api-keys.h"
#include "upstream/option-check.h"

#include <clocale>
#include <csignal>

std::vector<std::string> server_arguments(const artifact &                 source,
                                          const std::vector<std::string> & user_arguments,
                                          const std::string &              log_path) {
    // clang-format off
    std::vector<std::string> arguments = {
        source.path,
        "-m", artifact_path_prefix + source.contents.models[0].parts[0].name,
        "--alias", source.contents.name,
    };
    // clang-format on
    if (environment("LLAMA_ARG_CORS_ORIGINS").empty()) {
        arguments.insert(arguments.end(), { "--cors-origins", "" });  // the default of llama.cpp allows every page
    }
    if (const bundled_model * projector = projector_of(source.contents)) {
        arguments.insert(arguments.end(), { "--mmproj", artifact_path_prefix + projector->parts[0].name });
    }
    if (!log_path.empty()) {
        arguments.insert(arguments.end(), { "--log-file", log_path });
    }
    if (environment("LLAMA_ARG_THREADS").empty()) {
        arguments.insert(arguments.end(), { "--threads", std::to_string(default_threads(read_machine())) });
    }
    arguments.insert(arguments.end(), user_arguments.begin(), user_arguments.end());
    return arguments;
}

static failure refuse(const std::string & problem) {
    const std::string advice = "Try --help, or --help-server for all of llama.cpp's options.";
    return { problem.empty() ? advice : problem + "\n" + advice, exit_usage };
}

// the part of llama.cpp's llama_server(argc, argv) that reads the parameters
failure read_server_arguments(const artifact &     source,
                              const user_options & user,
                              const std::string &  log_path,
                              common_params &      params) {
    std::setlocale(LC_NUMERIC, "C");
#ifdef SIGPIPE
    std::signal(SIGPIPE, SIG_IGN);
#endif
    common_init();
    server_stream_session_manager_start();
    auto       arguments = server_arguments(source, user.arguments, log_path);
    const auto options   = common_params_parser_init(params, LLAMA_EXAMPLE_SERVER).options;
    for (const auto & problem :
         { find_option_problem(user.arguments, options, user.own_names), find_key_problem(user.arguments) }) {
        if (!problem.empty()) {
            return refuse(problem);
        }
    }
    std::vector<char *> pointers;
    for (auto & argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    if (!common_params_parse(int(arguments.size()), pointers.data(), params, LLAMA_EXAMPLE_SERVER)) {
        return refuse("");
    }
    if (const auto problem = find_parameter_problem(params); !problem.empty()) {
        return refuse(problem);
    }
    tidy_keys(params);
    if (params.no_mmproj) {  // in llama.cpp this option only prevents a download
        params.mmproj.path.clear();
    }
    return {};
}
