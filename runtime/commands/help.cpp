#include "commands/help.h"

#include "base/exit-status.h"
#include "base/safe-text.h"
#include "server/options.h"

#include <cstdio>
#include <map>

static const char overview[] =
    R"(usage: {} [COMMAND] [OPTIONS]

Without a command, the program starts the page and the API for the model in this
file, and opens the page in the browser. Only this computer can connect.

commands:
  serve      start the page and the API (default)
  chat       chat with the model in this terminal
  run        ask one question and write the answer to standard output
  bench      measure how fast the model is on this machine
  doctor     show this machine, and what the program chose for it
  health     say whether the server is ready (for monitoring)
  info       show what this file contains: models, licences, systems, hashes
  verify     read every byte and compare every hash
  licenses   show the licences of everything in this file
  clean      remove what earlier starts left on the disk

options:
  --version         show the versions of this program and of llama.cpp
  --help            show this text; {} COMMAND --help explains one command
  --help-server     list all options of llama.cpp's server

examples:
  {}
  {} chat
  {} run -p "Why is the sky blue?"
)";

static const char serve_help[] =
    R"(usage: {} [serve] [OPTIONS]

Starts a chat page and an OpenAI-compatible API. Only this computer can connect.
A second start opens the page of the first one.

options:
[options]

environment:
  MKEXE_CPU=LEVEL       use these processor kernels (doctor lists them)

examples:
  {} --port 9000 -c 4096
  {} --host 0.0.0.0 --api-key-file keys.txt --no-browser
)";

static const char chat_help[] =
    R"(usage: {} chat [OPTIONS]

Starts a conversation in this terminal. /help lists its commands. Ctrl-C stops
an answer, and /quit ends the chat.

options:
  --system TEXT         instructions for the model
  --temp N, -c N, -t N  and all other options of llama.cpp (--help-server)
  --verbose             show llama.cpp's log on the console

examples:
  {} chat
  {} chat --system "You are a pirate." --temp 0.5
)";

static const char run_help[] =
    R"(usage: {} run -p TEXT [OPTIONS]
       COMMAND | {} run [-p TEXT] [OPTIONS]

Asks one question and writes only the answer to standard output.

options:
  -p TEXT, --prompt TEXT  the question; text from a pipe is added after it
  --system TEXT           instructions for the model
  -n N                    the largest number of tokens in the answer
  --temp N                the temperature; all other options of llama.cpp too
  --verbose               show llama.cpp's log on the console

exit status: 0 answer, 1 no answer, 2 wrong option, 130 Ctrl-C

examples:
  {} run -p "Why is the sky blue?"
  git diff | {} run -p "Write a commit message for this:"
)";

static const char bench_help[] =
    R"(usage: {} bench [OPTIONS]

Measures how long the model takes to load, to read and to write on this machine.

options:
  -t N, --threads N     processor threads; all other options of llama.cpp too
  --verbose             show llama.cpp's log on the console

examples:
  {} bench
  MKEXE_CPU=x64 {} bench -t 2
)";

static const char info_help[] =
    R"(usage: {} info [--json]

Shows what this file contains: models, licences, systems, hashes.

options:
  --json    write JSON for other programs

examples:
  {} info
  {} info --json
)";

static const char doctor_help[] =
    R"(usage: {} doctor [--json]

Shows this machine, and what the program chose for it: the processor kernels and
their scores, the number of threads, the memory. MKEXE_CPU=LEVEL chooses other
kernels.

options:
  --json    write JSON for other programs

examples:
  {} doctor
  {} doctor --json
)";

static const char health_help[] =
    R"(usage: {} health [--host ADDRESS] [--port N] [--api-prefix PATH]

Asks the server of this file on this machine whether it is ready. The port is
the one of --port, of the variable LLAMA_ARG_PORT or of this file's own options.
Without them, it is the port of the last server that started without a port, or
8080.

exit status: 0 ready, 1 no answer or the model is loading, 2 wrong option

examples:
  {} health
  {} health --port 9000
)";

static const char verify_help[] =
    R"(usage: {} verify

Reads every byte of this file and compares every hash. The exit status is 4 if a
hash is wrong.

example:
  {} verify
)";

static const char licenses_help[] =
    R"(usage: {} licenses

Shows the licences of everything in this file.

example:
  {} licenses
)";

static const char clean_help[] =
    R"(usage: {} clean

Removes what earlier starts left on the disk: unpacked programs (the next start
unpacks its own again), logs and locks. Lists what it removed. Keeps chats, and
everything that is in use.

example:
  {} clean
)";

static const std::map<std::string, const char *> & all_texts() {
    static const std::map<std::string, const char *> texts = {
        { "", overview },          { "serve", serve_help },       { "chat", chat_help },     { "run", run_help },
        { "bench", bench_help },   { "info", info_help },         { "doctor", doctor_help }, { "health", health_help },
        { "verify", verify_help }, { "licenses", licenses_help }, { "clean", clean_help },
    };
    return texts;
}

// The options of `serve` in two columns.
static std::string option_rows() {
    static constexpr size_t width = 24;

    std::string text;
    for (const auto & option : all_serve_options()) {
        auto row = "  " + option.names;
        row += row.size() < width ? std::string(width - row.size(), ' ') : "\n" + std::string(width, ' ');
        for (const char * letter = option.help; *letter; letter++) {
            row += *letter == '\n' ? "\n" + std::string(width, ' ') : std::string(1, *letter);
        }
        text += row + "\n";
    }
    return text;
}

static void replace_all(std::string & text, const std::string & mark, const std::string & by) {
    for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += by.size()) {
        text.replace(at, mark.size(), by);
    }
}

int show_help(const std::string & name, const std::string & command) {
    std::string text = all_texts().at(command);
    replace_all(text, "[options]\n", option_rows());
    replace_all(text, "{}", safe_line(name));
    std::fputs(text.c_str(), stdout);
    return exit_good;
}
