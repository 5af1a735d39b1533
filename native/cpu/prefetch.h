#pragma once

// Prefetches weights before a thread reads them. A processor recognizes sequential reads by itself, but only up to the
// end of a page of 4 KiB, and a row of weights is often shorter than that. A prefetch beyond the end of the weights is
// harmless. The distances were measured on x86-64 only (docs/performance.md), so the macro does nothing elsewhere:
// 1 KiB for 16-bit numbers, 2 KiB for blocks with fewer bits.
#ifdef __x86_64__
#    define MKEXE_PREFETCH(address, bytes)                                                                  \
        for (unsigned ahead = 0; ahead < (bytes); ahead += 64) {                                            \
            __builtin_prefetch((const char *) (address) + (sizeof(*(address)) == 2 ? 1024 : 2048) + ahead); \
        }
#else
#    define MKEXE_PREFETCH(address, bytes)
#endif
