#pragma once

// Chooses the compiled CPU kernels for this processor (native/cpu/variants.cmake).

#include "base/result.h"

#include <string>
#include <vector>

struct cpu_variant {
    const char * name;      // the name in llama.cpp
    const char * features;  // the names in llama.cpp, with spaces between them
    int          score;     // llama.cpp's score of this processor (cpu-feats.cpp); 0 if it cannot run the variant
};

// All variants in this program, the lowest level first.
std::vector<cpu_variant> cpu_variants();

// The variant with the highest score, or the one that MKEXE_CPU names. Fails if this processor cannot run any, or not
// the named one.
result<cpu_variant> chosen_cpu_variant();

// Why this variant was chosen.
const char * chosen_cpu_reason();
