#pragma once

// Programs of the system that this one starts, on Unix.

#include <string>
#include <vector>

// Starts words[0], looked for in PATH, and does not wait for its end; its streams go nowhere. False where there is no
// such program.
bool start_detached(const std::vector<std::string> & words);
