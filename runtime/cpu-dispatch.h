#pragma once

// Which compiled set of CPU kernels this processor runs (native/cpu/variants.cmake).

#include <string>

struct cpu_variant {
    const char * name;
    int          score;  // upstream's score (cpu-feats.cpp): 0 where this processor cannot run it
};

// The variant with the highest score. Its score is 0 where this processor can run none.
cpu_variant best_cpu_variant();

// The instructions that the lowest variant needs, in words.
std::string cpu_requirements();
