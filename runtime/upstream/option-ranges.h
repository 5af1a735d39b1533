#pragma once

// The whole numbers that llama.cpp's options take: upstream checks few of them, reads "5x" as 5, and ends in an assertion
// where one makes no sense.

#include <string>
#include <vector>

struct common_arg;

// What is wrong with the first number that is none or out of its range, in `arguments` or in the environment's
// LLAMA_ARG_ variables; empty where all are good. `options`: those that upstream's server knows.
std::string find_number_problem(const std::vector<std::string> & arguments, const std::vector<common_arg> & options);
