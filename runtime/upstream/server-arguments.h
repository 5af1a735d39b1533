#pragma once

// The arguments that upstream's server gets: what every start of an artifact needs, then the user's.

#include "artifact/artifact.h"

#include <string>
#include <vector>

struct common_params;

// The whole command line, the program's name first. `log_path`: llama.cpp's log, or empty for none.
std::vector<std::string> server_arguments(const artifact &                 source,
                                          const std::vector<std::string> & user_arguments,
                                          const std::string &              log_path);

// Reads them as upstream's server does; false where upstream said on the console what is wrong with them.
bool read_server_arguments(const artifact &                 source,
                           const std::vector<std::string> & user_arguments,
                           const std::string &              log_path,
                           common_params &                  params);
