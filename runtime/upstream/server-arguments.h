#pragma once

// The arguments that upstream's server gets: what every start of an artifact needs, then the user's.

#include "artifact/artifact.h"
#include "base/result.h"

#include <string>
#include <vector>

struct common_params;

// The whole command line, the program's name first. `log_path`: llama.cpp's log, or empty for none.
std::vector<std::string> server_arguments(const artifact &                 source,
                                          const std::vector<std::string> & user_arguments,
                                          const std::string &              log_path);

// The user's part of the command line.
struct user_options {
    std::vector<std::string> arguments;
    std::vector<std::string> own_names;  // mkexe's options, already taken out; a suggestion may name them
};

// Reads all arguments as llama.cpp's server does. Returns why they are refused, with advice; an empty message if they are
// good. If llama.cpp refuses them, it has said why on the console, and the message is only the advice.
failure read_server_arguments(const artifact &     source,
                              const user_options & user,
                              const std::string &  log_path,
                              common_params &      params);
