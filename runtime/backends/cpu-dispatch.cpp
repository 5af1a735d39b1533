#include "backends/cpu-dispatch.h"

#include "backends/cpu-registers.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "platform/system.h"

using type_traits = const ggml_type_traits_cpu * (*) (ggml_type);

#define MKEXE_CPU_VARIANT(symbol, ops, name, features)                            \
    extern "C" int                          ggml_backend_score__##symbol(void);   \
    extern "C" ggml_backend_reg_t           ggml_backend_cpu_reg__##symbol(void); \
    extern "C" const ggml_type_traits_cpu * ggml_get_type_traits_cpu__##symbol(ggml_type);
#include "cpu-variants.inc"
#undef MKEXE_CPU_VARIANT

struct cpu_variant_row {
    const char * name;
    const char * features;
    int (*score)(void);
    ggml_backend_reg_t (*reg)(void);
    ggml_backend_reg_t (*ops_reg)(void);  // of the level whose elementwise kernels it uses
    type_traits traits;
};

static const cpu_variant_row rows[] = {
#define MKEXE_CPU_VARIANT(symbol, ops, name, features) \
    { name,                                            \
      features,                                        \
      ggml_backend_score__##symbol,                    \
      ggml_backend_cpu_reg__##symbol,                  \
      ggml_backend_cpu_reg__##ops,                     \
      ggml_get_type_traits_cpu__##symbol },
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

static result<cpu_variant> forced_variant(const std::vector<cpu_variant> & variants, const std::string & name) {
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

result<cpu_variant> chosen_cpu_variant() {
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

const char * chosen_cpu_reason() {
    return environment("MKEXE_CPU").empty() ? "the highest score on this processor" : "MKEXE_CPU chooses it";
}

static type_traits active_traits;

// ggml-backend-reg.cpp calls it once; serve() has checked that there is a variant
extern "C" ggml_backend_reg_t ggml_backend_cpu_reg(void) {
    const auto chosen = chosen_cpu_variant();
    for (const auto & row : rows) {
        if (chosen && row.name == chosen.value().name) {
            active_traits = row.traits;
            row.ops_reg();  // fills the tables that its kernels use
            return row.reg();
        }
    }
    return nullptr;
}

// Called by elementwise kernels. These may belong to a lower level (native/cpu/variants.cmake), but rows are always
// multiplied by the code of the chosen level.
extern "C" const ggml_type_traits_cpu * mkexe_cpu_type_traits(ggml_type type) {
    return active_traits(type);
}
