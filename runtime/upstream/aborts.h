#pragma once

// From now on ggml's last words, where it gives up, are those of this program (platform/crash.h).
void watch_aborts();
