#pragma once

// What contexts of the model would take, measured on the model without its weights: its metadata is read once.

#include <cstdint>
#include <memory>

struct common_params;
struct llama_model;

class context_meter {
  public:
    // Reads the metadata of `params.model`, some hundredths of a second. A model that cannot be read measures as 0:
    // loading it will say what is wrong.
    explicit context_meter(common_params params);
    ~context_meter();
    context_meter(const context_meter &)             = delete;
    context_meter & operator=(const context_meter &) = delete;

    // How many tokens the model was made for; 0 where that is not known.
    uint32_t trained() const;

    // The bytes that a context of `tokens` tokens takes beside the weights, with the other settings of `params`; 0 where
    // that is not known.
    uint64_t bytes(common_params params, int tokens) const;

  private:
    llama_model * model_;
};
