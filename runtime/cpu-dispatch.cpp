#include "cpu-dispatch.h"

#include "cpu-registers.h"
#include "ggml-backend.h"
#include "platform.h"

#define MKEXE_CPU_VARIANT(symbol, name, features)                     \
    extern "C" int                ggml_backend_score__##symbol(void); \
    extern "C" ggml_backend_reg_t ggml_backend_cpu_reg__##symbol(void);
#include "cpu-variants.inc"
#undef MKEXE_CPU_VARIANT

struct cpu_variant_row {
    const char * name;
    const char * features;
    int (*score)(void);
    ggml_backend_reg_t (*reg)(void);
};

static const cpu_variant_row rows[] = {
#define MKEXE_CPU_VARIANT(symbol, name, features) \
    { name, features, ggml_backend_score__##symbol, ggml_backend_cpu_reg__##symbol },
#include "cpu-variants.inc"
#undef MKEXE_CPU_VARIANT
};

static cpu_variant scored(const cpu_variant_row & row) {
    return { row.name, row.features, system_keeps_registers(row.features) ? row.score() : 0 };
}

std::vector<cpu_variant> cpu_variants() {
    std::vector<cpu_variant> variants;
    for (const auto & row : rows) {
        variants.push_back(scored(row));
    }
    return variants;
}

static std::string names_that_run(const std::vector<cpu_variant> & variants) {
    std::string names;
    for (const auto & variant : variants) {
        if (variant.score > 0) {
            names += (names.empty() ? "" : ", ") + std::string(variant.name);
        }
    }
    return names;
}

static outcome<cpu_variant> forced_variant(const std::vector<cpu_variant> & variants, const std::string & name) {
    for (const auto & variant : variants) {
        if (name == variant.name) {
            if (variant.score > 0) {
                return variant;
            }
            return failure{ "MKEXE_CPU=" + name + ": this processor lacks instructions of that level (" +
                            variant.features + "). It runs: " + names_that_run(variants) };
        }
    }
    return failure{ "MKEXE_CPU=" + name + ": no such level. This processor runs: " + names_that_run(variants) };
}

outcome<cpu_variant> chosen_cpu_variant() {
    const auto variants = cpu_variants();
    const auto forced   = environment("MKEXE_CPU");
    if (!forced.empty()) {
        return forced_variant(variants, forced);
    }
    const cpu_variant * best = &variants[0];
    for (const auto & variant : variants) {
        best = variant.score > best->score ? &variant : best;
    }
    if (best->score == 0) {
        return failure{ "This computer's processor is too old for this program: it needs " MKEXE_CPU_NEEDS "." };
    }
    return *best;
}

// asked for by ggml-backend-reg.cpp, once; serve() has made sure that there is a choice
extern "C" ggml_backend_reg_t ggml_backend_cpu_reg(void) {
    const auto chosen = chosen_cpu_variant();
    for (const auto & row : rows) {
        if (chosen && row.name == chosen.value().name) {
            return row.reg();
        }
    }
    return nullptr;
}
