#pragma once

// The arguments for llama.cpp's server: first the ones that every start of an artifact needs, then the user's.

#include "artifact/artifact.h"
#include "base/result.h"

#include <string>
#include <vector>

struct common_params;

// The whole command line; the program's name is the first element. `log_path` is the path of llama.cpp's log; empty for
// no log.
std::vector<std::string> server_arguments(const artifact &                 source,
                                          const std::vector<std::string> & user_arguments,
                                          const std::string &              log_path);

// The user's part of the command line.
struct user_options {
    std::vector<std::string> arguments;
    std::vector<std::string> own_names;  // mkexe's options, already taken out; a suggestion may name them
};

// Reads all arguments in the same way as llama.cpp's server. Returns why they are refused, with advice; the message is
// empty if they are good. If llama.cpp itself refuses them, it has printed the reason, and the message is only the
// advice.
failure read_server_arguments(const artifact &     source,
                              const user_options & user,
                              const std::string &  log_path,
                              common_params &      params);
