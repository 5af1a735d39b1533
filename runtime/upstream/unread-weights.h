#pragma once

// Weights that are not read, for who only looks whether a model can be used (native/patches/check-without-weights.patch):
// zeros stand in for them, and this process gets little memory beside.

#include "upstream/hooks.h"
#include "upstream/log-filter.h"

#include <cstdint>

class unread_weights : public mkexe::hooks {
  public:
    // From now on, for the process's rest, memory is limited.
    unread_weights();

    bool                  reads_weights() const override { return false; }
    ggml_backend_buffer * stand_in_for_weights(ggml_context * tensors) override;
    bool shows_log(enum ggml_log_level level, const char * text) override { return log.shows(level, text); }

    log_filter log;

  private:
    uint64_t allowed_;  // bytes
};
