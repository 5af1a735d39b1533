#pragma once

// The commands that print something and end.

#include "artifact/artifact.h"

#include <string>
#include <vector>

int show_version();
int show_info(const artifact & source, bool as_json);

// Says whether the server of this file is ready, for monitoring. Returns 0 if it is, and 1 if it is not.
int show_health(const artifact & source, const std::vector<std::string> & arguments);

// Reads every byte and compares every hash. Reports all differences.
int verify(const artifact & source);

// Prints the licences of everything in the file.
int show_licenses(const artifact & source);
