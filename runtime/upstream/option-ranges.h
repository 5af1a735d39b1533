#pragma once

// The values that llama.cpp allows for options with numbers. llama.cpp itself checks few of them: it reads "5x" as 5,
// names C++ functions in its messages, and fails an assertion if a number makes no sense.

#include <string>

struct common_arg;

// What is wrong with `text` as a value of `option`, which the user wrote as `name`. Empty if the value is good, or if
// the option does not take numbers.
std::string find_value_problem(const std::string & name, const common_arg & option, const std::string & text);
