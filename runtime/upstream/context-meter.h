#pragma once

// Measures how much memory contexts of the model need. Reads the metadata of the model once, and not its weights.

#include <cstdint>
#include <memory>

struct common_params;
struct llama_model;

class context_meter {
  public:
    // Reads the metadata of `params.model`, which takes some hundredths of a second. If the model cannot be read, all
    // results are 0: the loader will report what is wrong.
    explicit context_meter(common_params params);
    ~context_meter();
    context_meter(const context_meter &)             = delete;
    context_meter & operator=(const context_meter &) = delete;

    // The number of tokens that the model was trained for; 0 if unknown.
    uint32_t trained() const;

    // The bytes that a context of `tokens` tokens needs, besides the weights, with the other settings of `params`; 0 if
    // unknown.
    uint64_t bytes(common_params params, int tokens) const;

  private:
    llama_model * model_;
};
