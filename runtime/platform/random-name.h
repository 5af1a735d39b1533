#pragma once

#include <string>

// 32 hexadecimal digits that nobody can guess; empty if the system has no random numbers.
std::string random_name();
