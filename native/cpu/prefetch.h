#pragma once

// What a thread will read of the weights is asked for 2 KiB ahead. A processor finds out by itself that memory is read
// from front to back, but only up to the end of a page of 4 KiB, and a row of weights is often no longer: generation
// is 1.1 to 1.2 times as fast (docs/performance.md). Asking for what lies behind the weights does no harm. Measured on
// x86-64 alone, so it is done there alone.
#ifdef __x86_64__
#define MKEXE_PREFETCH(address, bytes)                               \
    for (unsigned ahead = 0; ahead < (bytes); ahead += 64) {         \
        __builtin_prefetch((const char *) (address) + 2048 + ahead); \
    }
#else
#define MKEXE_PREFETCH(address, bytes)
#endif
