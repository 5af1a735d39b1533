#pragma once

#include "artifact/artifact.h"

// Shows this machine, what the program chose for it, and why. `as_json` is for other programs.
int show_doctor(const artifact & source, bool as_json);
