#pragma once

// The options that mkexe adds to those of llama.cpp's server.

#include "base/result.h"

#include <string>
#include <vector>

enum class chat_place { user_folder, beside_file, nowhere };

struct serve_options {
    bool        open_browser = true;
    bool        new_instance = false;  // even where this artifact is running already
    bool        verbose      = false;  // llama.cpp's log on the console
    bool        may_quit     = true;   // by the page's button
    bool        check_memory = true;
    bool        with_input   = false;  // end when standard input ends
    double      idle_minutes = 0;      // 0: never ends by itself
    std::string status_fd;             // --status-fd, as it was given
    chat_place  chats = chat_place::user_folder;

    std::vector<std::string> server_arguments;  // the rest, llama.cpp's
};

// One row of the table from which the parser and `--help` come; docs/starting.md is compared with it.
struct serve_option {
    std::string  names;  // as help has them: "-c N, --ctx-size N"
    const char * help;   // one line, or several

    // Takes the option, with its value where it has one; what is wrong with that, or an empty text. Null where the option
    // is llama.cpp's own.
    std::string (*take)(serve_options & options, const std::string & value);
};

const std::vector<serve_option> & all_serve_options();

// Takes mkexe's own options out of `arguments`; a message names the option and what was expected.
result<serve_options> parse_serve_options(const std::vector<std::string> & arguments);

// Whether one of `names` (with their dashes) is among the arguments, as "--name value" or "--name=value".
bool names_option(const std::vector<std::string> & arguments, const std::vector<std::string> & names);
