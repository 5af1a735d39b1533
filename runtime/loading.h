#pragma once

// How far the loading of the weights is.

#include <cstdint>

struct loading_progress {
    bool     ready        = false;
    double   fraction     = 0;  // of the weights' bytes, 0 to 1
    uint64_t bytes_total  = 0;
    double   seconds_left = -1;  // below 0 until it can be said
};

// From now on the weights are being loaded; `bytes` of them.
void begin_loading(uint64_t bytes);
void end_loading();

loading_progress read_loading_progress();
