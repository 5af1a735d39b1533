#pragma once

// The commands that answer and end.

#include "artifact/artifact.h"

#include <string>
#include <vector>

int show_version();
int show_info(const artifact & source, bool as_json);

// Whether the server of this file is ready, for those who watch it: exit status 0 where it is, 1 where it is not.
int show_health(const artifact & source, const std::vector<std::string> & arguments);

// Reads every byte and compares every hash; reports all that is wrong.
int verify(const artifact & source);

// Prints the licences of everything inside.
int show_licenses(const artifact & source);
