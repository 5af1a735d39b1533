#include "upstream/unread-weights.h"

#include "base/exit-status.h"
#include "base/text.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "platform/system.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

// The limit for all memory except the zeros that replace weights. Without it, a template that writes an endless text,
// or impossible sizes in the metadata, would use all memory of the machine. 4 GiB is enough: the vocabulary and the
// graph of the largest models need less than 1 GiB.
static constexpr uint64_t memory_limit_bytes = uint64_t(4) << 30;
static constexpr size_t   alignment          = 64;

unread_weights::unread_weights() : allowed_(memory_limit_bytes) {
    limit_memory(allowed_);
}

// All tensors share the same bytes: pages that nobody writes use no memory, and zeros are valid blocks of every type.
ggml_backend_buffer * unread_weights::stand_in_for_weights(ggml_context * tensors) {
    size_t size = alignment;
    for (auto * tensor = ggml_get_first_tensor(tensors); tensor; tensor = ggml_get_next_tensor(tensors, tensor)) {
        size = std::max(size, ggml_nbytes(tensor) + alignment);
    }
    limit_memory(allowed_ += size + alignment);
    auto * memory = static_cast<char *>(std::calloc(1, size + alignment));
    if (!memory) {
        std::printf("not checked: no memory for a tensor of %s\n", gigabytes(double(size)).c_str());
        std::fflush(stdout);
        std::_Exit(exit_memory);
    }
    auto * begin  = memory + (alignment - reinterpret_cast<uintptr_t>(memory) % alignment) % alignment;
    auto * buffer = ggml_backend_cpu_buffer_from_ptr(begin, size);
    for (auto * tensor = ggml_get_first_tensor(tensors); tensor; tensor = ggml_get_next_tensor(tensors, tensor)) {
        tensor->buffer = buffer;
        tensor->data   = begin;
    }
    return buffer;
}
