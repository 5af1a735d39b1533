#pragma once

// What a thread will read of the weights is asked for ahead of time. A processor finds out by itself that memory is read
// from front to back, but only up to the end of a page of 4 KiB, and a row of weights is often no longer. Asking for what
// lies behind the weights does no harm. How far ahead was measured (docs/performance.md), on x86-64 alone, so it is done
// there alone: 1 KiB for numbers of 16 bits, 2 KiB for blocks of fewer bits.
#ifdef __x86_64__
#    define MKEXE_PREFETCH(address, bytes)                                                                  \
        for (unsigned ahead = 0; ahead < (bytes); ahead += 64) {                                            \
            __builtin_prefetch((const char *) (address) + (sizeof(*(address)) == 2 ? 1024 : 2048) + ahead); \
        }
#else
#    define MKEXE_PREFETCH(address, bytes)
#endif
