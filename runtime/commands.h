#pragma once

// The commands that answer and end.

#include "artifact.h"

#include <string>
#include <vector>

int show_version();
int show_info(const artifact & source, bool as_json);

// Reads every byte and compares every hash; reports all that is wrong.
int verify(const artifact & source);

// Prints the licences of everything inside.
int show_licenses(const artifact & source);
