#pragma once

// The keys of those who may ask. A key in a file or in LLAMA_API_KEY is one that the list of processes does not show.

#include <string>
#include <vector>

struct common_params;

// What is wrong with --api-key, --api-key-file or LLAMA_ARG_API_KEY_FILE, in `arguments` or in the environment; empty where
// nothing is. A folder is what a container makes for a file that is not there.
std::string find_key_problem(const std::vector<std::string> & arguments);

// Takes away what an editor adds to a key, and keys without a letter.
void tidy_keys(common_params & params);
