#pragma once

// Checks options before llama.cpp uses them, so that a wrong one is refused in one sentence that names it.

#include <string>
#include <vector>

struct common_arg;
struct common_params;

// What is wrong with the first wrong option in `arguments` or in the environment's LLAMA_ARG_ variables: an unknown name, a
// missing value, a number that is none or out of its range, a log file that cannot be written. Empty if all are good.
// `options` are those of llama.cpp's server; `own_names` are mkexe's, which a suggestion may name too.
std::string find_option_problem(const std::vector<std::string> & arguments,
                                const std::vector<common_arg> &  options,
                                const std::vector<std::string> & own_names);

// What is wrong with parameters that llama.cpp took as they are: a grammar that it cannot read, a control vector that cannot
// be opened. Empty if nothing is.
std::string find_parameter_problem(const common_params & params);
