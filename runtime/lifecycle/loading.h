#pragma once

// How far the loading of the weights is.

#include "artifact/artifact.h"

#include <cstdint>

struct loading_progress {
    bool     ready        = false;
    double   fraction     = 0;  // of the weights' bytes, 0 to 1
    uint64_t bytes_total  = 0;
    double   seconds_left = -1;  // below 0 until it can be said
};

// From now on the artifact's weights are being loaded.
void begin_loading(const artifact & source);
void end_loading();

loading_progress read_loading_progress();
