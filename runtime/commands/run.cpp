#include "base/exit-status.h"
#include "base/json-text.h"
#include "commands/command-options.h"
#include "commands/terminal-commands.h"
#include "platform/console.h"
#include "platform/system.h"
#include "server/local-server.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <future>
#include <thread>

using json = nlohmann::ordered_json;

static int fail(const std::string & message, int status) {
    say(message);
    return status;
}

static std::string read_all(std::FILE * file) {
    std::string text;
    char        buffer[1 << 16];
    for (size_t count; (count = std::fread(buffer, 1, sizeof(buffer), file)) > 0;) {
        text.append(buffer, count);
    }
    return text;
}

// Reads a pipe to its end. The program that started this one may leave its pipe open for ever, so a message says what
// is going on.
static std::string read_pipe() {
#ifdef _WIN32
    static constexpr auto nothing = "<NUL";
#else
    static constexpr auto nothing = "</dev/null";
#endif
    std::promise<void> ended;
    std::thread        notice([end = ended.get_future()] {
        if (end.wait_for(std::chrono::seconds(2)) == std::future_status::timeout) {
            std::fprintf(stderr, "Waiting for the end of standard input. If you have no text for it, add %s.\n",
                                nothing);
        }
    });
    auto               text = read_all(stdin);
    ended.set_value();
    notice.join();
    return text;
}

// The question: the text of -p, and after it the text from a pipe.
static std::string question_of(const command_options & options) {
    std::string text = value_of(options, "-p", "");
    if (!is_terminal(stdin)) {
        const auto piped = read_pipe();
        text += text.empty() || piped.empty() ? piped : "\n\n" + piped;
    }
    return text;
}

static json messages_of(const std::string & system, const std::string & question) {
    json messages = json::array();
    if (!system.empty()) {
        messages.push_back({ { "role", "system" }, { "content", system } });
    }
    messages.push_back({ { "role", "user" }, { "content", question } });
    return messages;
}

static int fail_without_question(const std::vector<std::string> & arguments) {
    std::string found;
    for (const auto & argument : arguments) {
        found += (found.empty() ? ", found only: " : " ") + argument;
    }
    return fail("run: expected a question, for example run -p \"...\" or text from a pipe" + found +
                    ". Try run --help.",
                exit_usage);
}

int run_once(const artifact & source, const std::vector<std::string> & arguments) {
    const auto options =
        parse_command_options(source.contents.default_args, arguments, { { "-p", "--prompt" }, { "--system" } });
    if (!options) {
        return fail(options.message() + " Try run --help.", exit_usage);
    }
    const auto question = question_of(options.value());
    if (question.empty()) {
        return fail_without_question(arguments);
    }
    auto model = local_server::load(source, options.value().server, options.value().verbose);
    if (!model) {
        return fail(model.message(), model.status());
    }
    char       last      = '\n';
    bool       can_write = true;  // false if nobody can read the answer any more
    bool       has_text  = false;
    const auto end       = model.value()->ask(
              json_text(messages_of(value_of(options.value(), "--system", source.contents.system_prompt), question)),
              [&](const answer_piece & piece) {
            has_text = has_text || !piece.text.empty();
            if (!piece.reasoning) {
                can_write = print_result(piece.text) && std::fflush(stdout) == 0;
                last      = piece.text.back();
            }
            return can_write;
        });
    if (!can_write) {
        return exit_failed;
    }
    if (last != '\n') {
        std::printf("\n");
    }
    if (!end.error.empty()) {
        return fail(end.error, exit_failed);
    }
    const bool stopped = model.value()->ctrl_c().came();
    if (!has_text && !stopped && model.value()->may_answer()) {
        return fail("The model gave no answer.", exit_failed);
    }
    const bool written = std::fflush(stdout) == 0 && !std::ferror(stdout);
    return stopped ? exit_interrupted : written ? exit_good : exit_failed;
}
