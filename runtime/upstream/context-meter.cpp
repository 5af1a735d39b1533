#include "upstream/context-meter.h"

#include "common.h"
#include "llama-ext.h"
#include "llama.h"

#include <algorithm>

// llama.cpp allocates its tables of cells even if it only measures. For more tokens than this, the result is
// multiplied.
static constexpr int max_measured = 1 << 20;

namespace {

// As long as it exists, messages of llama.cpp get the level debug, because the model is only measured. Errors stay
// errors.
class quiet_log {
  public:
    quiet_log() {
        llama_log_get(&said_.callback, &said_.data);
        llama_log_set(
            [](ggml_log_level level, const char * text, void * user_data) {
                const auto & to = *static_cast<const receiver *>(user_data);
                to.callback(level >= GGML_LOG_LEVEL_ERROR ? level : GGML_LOG_LEVEL_DEBUG, text, to.data);
            },
            &said_);
    }
    ~quiet_log() { llama_log_set(said_.callback, said_.data); }
    quiet_log(const quiet_log &)             = delete;
    quiet_log & operator=(const quiet_log &) = delete;

  private:
    struct receiver {
        ggml_log_callback callback = nullptr;
        void *            data     = nullptr;
    };
    receiver said_;
};

}  // namespace

context_meter::context_meter(common_params params) {
    const quiet_log quiet;
    auto            model = common_model_params_to_llama(params);
    model.no_alloc        = true;
    model.load_mode       = LLAMA_LOAD_MODE_NONE;
    model_                = llama_model_load_from_file(params.model.path.c_str(), model);
}

context_meter::~context_meter() {
    llama_model_free(model_);
}

uint32_t context_meter::trained() const {
    return model_ ? llama_model_n_ctx_train(model_) : 0;
}

uint64_t context_meter::bytes(common_params params, int tokens) const {
    if (!model_) {
        return 0;
    }
    const quiet_log quiet;
    const double    times = std::max(1.0, double(tokens) / max_measured);
    params.n_ctx          = std::min(tokens, max_measured);
    const std::unique_ptr<llama_context, decltype(&llama_free)> context(
        llama_init_from_model(model_, common_context_params_to_llama(params)), llama_free);
    if (!context) {
        return 0;
    }
    uint64_t bytes = 0;
    for (const auto & [type, taken] : llama_get_memory_breakdown(context.get())) {
        if (ggml_backend_buft_is_host(type)) {
            bytes += uint64_t(times * double(taken.context)) + taken.compute;
        }
    }
    return bytes;
}
