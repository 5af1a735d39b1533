#pragma once

// Checks options before llama.cpp uses them, so that a wrong one is refused in one sentence that names it.

#include <string>
#include <vector>

struct common_arg;
struct common_params;

// Why the first wrong option is wrong, in `arguments` or in the LLAMA_ARG_ variables of the environment: an unknown
// name, a missing value, a value that is not a number or is out of range, a log file that cannot be written. Empty if
// all options are good. `options` are the options of llama.cpp's server. `own_names` are mkexe's options, which a
// suggestion may also name.
std::string find_option_problem(const std::vector<std::string> & arguments,
                                const std::vector<common_arg> &  options,
                                const std::vector<std::string> & own_names);

// What is wrong with parameters that llama.cpp accepts without a check: a grammar that it cannot read, a control vector
// that it cannot open. Empty if nothing is.
std::string find_parameter_problem(const common_params & params);
