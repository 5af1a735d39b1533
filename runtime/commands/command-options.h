#pragma once

// Options of a command among those of llama.cpp's server.

#include "base/result.h"

#include <map>
#include <string>
#include <vector>

struct command_options {
    std::map<std::string, std::string> values;            // by the option's first name
    std::vector<std::string>           server_arguments;  // the rest
    bool                               verbose = false;
};

// `defaults`: the artifact's, of which those that are serve's own do not count here. `names`: options that take a value,
// each with all its spellings, the first one being the key in `values`.
result<command_options> parse_command_options(const std::vector<std::string> &              defaults,
                                              const std::vector<std::string> &              arguments,
                                              const std::vector<std::vector<std::string>> & names);

std::string value_of(const command_options & options, const std::string & name, const std::string & otherwise);
