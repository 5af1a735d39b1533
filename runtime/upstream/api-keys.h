#pragma once

// The keys that clients must send. The system's list of processes does not show a key in a file or in LLAMA_API_KEY.

#include <string>
#include <vector>

struct common_params;

// Why --api-key, --api-key-file or LLAMA_ARG_API_KEY_FILE is wrong, in `arguments` or in the environment; empty if all
// are good. The file may be a folder: a container makes one if the file that it should mount is missing.
std::string find_key_problem(const std::vector<std::string> & arguments);

// Removes bytes that an editor may add to a key (a byte order mark, white space), and removes empty keys.
void tidy_keys(common_params & params);
