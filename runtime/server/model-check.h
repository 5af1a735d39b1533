#pragma once

// What `mkexe build` asks this machine's runtime about a model that it is going to bundle: whether it loads, computes
// and has a chat template that can be used. A command of its own that --help does not name.

#include <string>
#include <vector>

// `arguments` are those of `serve`, with -m and --mmproj. The model's weights are never read: zeros stand in for them,
// so that a large model takes no longer to look at than its two tokens take to compute.
//
// Prints "refused: " and the cause where the model cannot be used, and returns exit_model; a model that makes upstream
// abort ends the process by that. exit_good where it can be used.
int check_model(const std::vector<std::string> & arguments);
