#pragma once

// Separates the options of a command from those of llama.cpp's server.

#include "base/result.h"
#include "upstream/server-arguments.h"

#include <map>
#include <string>
#include <vector>

struct command_options {
    std::map<std::string, std::string> values;  // the key is the option's first name
    user_options                       server;  // all other options
    bool                               verbose = false;
};

// `defaults` are the options of the artifact; those that only serve knows are ignored. `names` are the options of the
// command that take a value, each with all its spellings. The first spelling is the key in `values`.
result<command_options> parse_command_options(const std::vector<std::string> &              defaults,
                                              const std::vector<std::string> &              arguments,
                                              const std::vector<std::vector<std::string>> & names);

std::string value_of(const command_options & options, const std::string & name, const std::string & otherwise);
