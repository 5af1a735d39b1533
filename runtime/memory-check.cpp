#include "memory-check.h"

#include "common.h"
#include "fit.h"
#include "machine.h"

#include <algorithm>
#include <cstdio>
#include <exception>

static std::string gigabytes(double bytes) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f GB", bytes / 1e9);
    return text;
}

// Windows' memory and Linux' page cache hold a mapped file as long as there is room; without, every token reads the disk.
std::string find_weights_problem(const artifact & source) {
    const auto     machine = read_machine();
    const uint64_t needed  = weight_bytes(source.contents);
    if (machine.memory == 0 || needed <= machine.memory) {
        return "";
    }
    return "This model needs more than " + gigabytes(double(needed)) + " of memory, and this program may use " +
           gigabytes(double(machine.memory)) +
           " here.\nUse a computer with more memory, or a smaller model; --no-memory-check tries all the same, slowly.";
}

// Upstream makes its tables of cells even where it only measures; for more tokens the result is multiplied.
static constexpr int most_measured = 1 << 20;

context_need measure_context(common_params params, int tokens) {
    const double times                      = std::max(1.0, double(tokens) / most_measured);
    params.n_ctx                            = std::min(tokens, most_measured);
    const auto                      model   = common_model_params_to_llama(params);
    const auto                      context = common_context_params_to_llama(params);
    std::vector<ggml_backend_dev_t> devices;
    uint32_t                        layers = 0, trained = 0, experts = 0;
    try {
        const auto memory = common_get_device_memory_data(params.model.path.c_str(), &model, &context, devices, layers,
                                                          trained, experts, GGML_LOG_LEVEL_ERROR);
        const auto bytes = memory.empty() ? 0 : uint64_t(times * double(memory.back().context)) + memory.back().compute;
        return { bytes, trained };
    } catch (const std::exception &) {
        return {};  // loading will say what is wrong
    }
}

std::string context_problem(int tokens, uint64_t needed, uint64_t memory_free) {
    return "A chat of " + std::to_string(tokens) + " tokens needs " + gigabytes(double(needed)) + " of memory, and " +
           gigabytes(double(memory_free)) +
           " are free.\nGive a smaller --ctx-size, or none: then as many are taken as there is room for. "
           "--no-memory-check tries all the same.";
}
