#pragma once

#include "artifact/artifact.h"

// Says what this machine is, what was chosen for it and why; as JSON for programs.
int show_doctor(const artifact & source, bool as_json);
