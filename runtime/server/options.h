#pragma once

// The options that mkexe adds to the options of llama.cpp's server.

#include "base/result.h"

#include <string>
#include <vector>

enum class chat_place { user_folder, beside_file, nowhere };

struct serve_options {
    bool        open_browser = true;
    bool        new_instance = false;  // even if this artifact already runs
    bool        verbose      = false;  // llama.cpp's log on the console
    bool        may_quit     = true;   // with the button on the page
    bool        check_memory = true;
    bool        with_input   = false;  // end when standard input closes
    double      idle_minutes = 0;      // 0: never ends by itself
    std::string status_fd;             // the value of --status-fd
    chat_place  chats = chat_place::user_folder;

    std::vector<std::string> server_arguments;  // all others: llama.cpp's
};

// One row of the table that the parser and `--help` use. A test compares docs/starting.md with it.
struct serve_option {
    std::string  names;  // as in help: "-c N, --ctx-size N"
    const char * help;   // one line, or several

    // Stores the option, with its value if it has one. Returns what is wrong with the value; empty if nothing is. Null
    // if the option is llama.cpp's.
    std::string (*take)(serve_options & options, const std::string & value);
};

const std::vector<serve_option> & all_serve_options();

// Takes mkexe's own options out of `arguments`. A failure names the option and what was expected.
result<serve_options> parse_serve_options(const std::vector<std::string> & arguments);

// The names of mkexe's own options.
std::vector<std::string> own_option_names();

// Whether the arguments contain one of `names` (with dashes), as "--name value" or "--name=value".
bool names_option(const std::vector<std::string> & arguments, const std::vector<std::string> & names);
