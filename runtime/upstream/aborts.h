#pragma once

// From now on, if ggml aborts, this program reports the reason (platform/crash.h).
void watch_aborts();
