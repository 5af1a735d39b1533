#pragma once

// Loads a model without its weights, to check whether it can be used (native/patches/check-without-weights.patch).
// Zeros replace the weights, and the process can use only little other memory.

#include "upstream/hooks.h"
#include "upstream/log-filter.h"

#include <cstdint>

class unread_weights : public mkexe::hooks {
  public:
    // Limits the memory of this process until it ends.
    unread_weights();

    bool                  reads_weights() const override { return false; }
    ggml_backend_buffer * stand_in_for_weights(ggml_context * tensors) override;
    bool shows_log(enum ggml_log_level level, const char * text) override { return log.shows(level, text); }

    log_filter log;

  private:
    uint64_t allowed_;  // bytes
};
