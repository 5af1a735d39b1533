#pragma once

// The file of llama.cpp's log, one for each server that runs.

#include "artifact/artifact.h"

#include <string>

// An empty file that this start holds until it ends: NAME.log of the first server of this artifact, else NAME-2.log, or
// the next number whose file no server that runs has. Empty where somebody else could have a hand in it.
std::string claim_log_file(const artifact & source, bool first);
