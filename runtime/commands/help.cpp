#include "commands/help.h"

#include "base/exit-status.h"
#include "base/safe-text.h"
#include "server/options.h"

#include <cstdio>
#include <map>

static const char overview[] =
    R"(usage: {} [COMMAND] [OPTIONS]

Without a command: serves the model in this file on this computer only, and
opens its page in the browser.

commands:
  serve      the same, said explicitly
  chat       talk to the model in this terminal
  run        one question, its answer on stdout
  bench      how fast the model is on this machine
  doctor     this machine, and what was chosen for it: kernels, threads
  health     whether the server is ready, for those who watch it
  info       what is inside: models, licences, systems, hashes
  verify     read every byte and compare every hash
  licenses   the licences of everything inside
  clean      remove what earlier starts left on the disk

options:
  --version         versions of this program and of llama.cpp
  --help            this text; {} COMMAND --help says more of each
  --help-server     all options of llama.cpp's server

examples:
  {}
  {} chat
  {} run -p "Why is the sky blue?"
)";

static const char serve_help[] =
    R"(usage: {} [serve] [OPTIONS]

Serves a chat page and an OpenAI-compatible API on this computer only. A second
start opens the page of the first.

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

A conversation in this terminal. /help lists its commands; Ctrl-C stops an
answer, /quit ends.

options:
  --system TEXT         what the model is told at the start
  --temp N, -c N, -t N  and llama.cpp's other options (--help-server)
  --verbose             llama.cpp's log on the console

examples:
  {} chat
  {} chat --system "You are a pirate." --temp 0.5
)";

static const char run_help[] =
    R"(usage: {} run -p TEXT [OPTIONS]
       COMMAND | {} run [-p TEXT] [OPTIONS]

Asks one question and writes the answer, and nothing else, to stdout.

options:
  -p TEXT, --prompt TEXT  the question; what a pipe brings stands behind it
  --system TEXT           what the model is told before
  -n N, --temp N          length and temperature; llama.cpp's other options too
  --verbose               llama.cpp's log on the console

exit status: 0 an answer came, 1 none, 2 a wrong option, 130 Ctrl-C

examples:
  {} run -p "Why is the sky blue?"
  git diff | {} run -p "A commit message for this:"
)";

static const char bench_help[] =
    R"(usage: {} bench [OPTIONS]

Measures how long the model takes to load, to read and to write on this machine.

options:
  -t N, --threads N     processor threads; llama.cpp's other options too
  --verbose             llama.cpp's log on the console

examples:
  {} bench
  MKEXE_CPU=x64 {} bench -t 2
)";

static const char info_help[] =
    R"(usage: {} info [--json]

What is inside this file: models, licences, systems, hashes.

examples:
  {} info
  {} info --json
)";

static const char doctor_help[] =
    R"(usage: {} doctor [--json]

This machine, and what was chosen for it: kernels with all scores, threads,
memory. MKEXE_CPU=LEVEL forces a level.

examples:
  {} doctor
  {} doctor --json
)";

static const char health_help[] =
    R"(usage: {} health [--host ADDRESS] [--port N] [--api-prefix PATH]

Asks the server that was started from this file on this machine whether it is
ready. Without --port, LLAMA_ARG_PORT or a port in the file's own options it
asks the last one that was started without a port, or 8080.

exit status: 0 ready, 1 no answer or the model is being loaded, 2 a wrong option

examples:
  {} health
  {} health --port 9000
)";

static const char verify_help[] =
    R"(usage: {} verify

Reads every byte of this file and compares every hash. Exit status 4 where one
is wrong.

example:
  {} verify
)";

static const char licenses_help[] =
    R"(usage: {} licenses

The licences of everything inside this file.

example:
  {} licenses
)";

static const char clean_help[] =
    R"(usage: {} clean

Removes what starts of files like this one left on the disk: programs that they
unpacked (a start unpacks its own again), logs, locks. Says what it removed.
Chats stay, and what is in use.

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

// The options of `serve`, each in its place of two columns.
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
