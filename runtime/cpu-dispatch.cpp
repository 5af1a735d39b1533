#include "cpu-dispatch.h"

#include "ggml-backend.h"

#define MKEXE_CPU_VARIANT(symbol, name)                            \
    extern "C" int ggml_backend_score__##symbol(void);             \
    extern "C" ggml_backend_reg_t ggml_backend_cpu_reg__##symbol(void);
#include "cpu-variants.inc"
#undef MKEXE_CPU_VARIANT

struct cpu_variant_row {
    const char * name;
    int (*score)(void);
    ggml_backend_reg_t (*reg)(void);
};

static const cpu_variant_row rows[] = {
#define MKEXE_CPU_VARIANT(symbol, name) { name, ggml_backend_score__##symbol, ggml_backend_cpu_reg__##symbol },
#include "cpu-variants.inc"
#undef MKEXE_CPU_VARIANT
};

static const cpu_variant_row & best_row() {
    const cpu_variant_row * best = &rows[0];
    for (const auto & row : rows) {
        if (row.score() > best->score()) {
            best = &row;
        }
    }
    return *best;
}

cpu_variant best_cpu_variant() {
    const auto & row = best_row();
    return { row.name, row.score() };
}

std::string cpu_requirements() {
    return MKEXE_CPU_NEEDS;
}

// asked for by ggml-backend-reg.cpp, once
extern "C" ggml_backend_reg_t ggml_backend_cpu_reg(void) {
    return best_row().reg();
}
