#include "server/memory-budget.h"

#include "common.h"
#include "lifecycle/memory-check.h"
#include "platform/machine.h"
#include "platform/system.h"
#include "server/options.h"
#include "upstream/context-meter.h"

#include <algorithm>

static constexpr int      least_context   = 512;
static constexpr int      context_step    = 256;  // the size of llama.cpp's contexts is a multiple of it
static constexpr uint64_t bytes_per_mib   = 1 << 20;
static constexpr uint64_t share_of_memory = 4;  // a quarter for a chat, and a quarter for the prompt cache

memory_wishes read_memory_wishes(const std::vector<std::string> & arguments, bool check) {
    memory_wishes wishes;
    wishes.context = names_option(arguments, { "-c", "--ctx-size" }) || !environment("LLAMA_ARG_CTX_SIZE").empty();
    wishes.cache   = names_option(arguments, { "-cram", "--cache-ram" }) || !environment("LLAMA_ARG_CACHE_RAM").empty();
    wishes.check   = check;
    return wishes;
}

// The memory that the weights leave free. To be careful, weights that are in memory already count twice.
static uint64_t free_beside(const artifact & source, uint64_t memory_free) {
    const uint64_t weights = weight_bytes(source.contents);
    return memory_free > weights ? memory_free - weights : 0;
}

// The length of a chat, and the bytes that it needs.
namespace {
struct chat_size {
    int      tokens = 0;
    uint64_t bytes  = 0;
};
}  // namespace

// The largest number of tokens, up to `wanted`, that fits into `room` bytes. The bytes grow evenly with the tokens.
static chat_size size_in(const context_meter & meter, const common_params & params, uint64_t room, int requested) {
    const uint64_t full = meter.bytes(params, requested);
    if (full <= room || requested <= least_context) {
        return { requested, full };
    }
    const uint64_t least = meter.bytes(params, least_context);
    const double   each  = double(full - std::min(full, least)) / (requested - least_context);
    const double   extra = room > least && each > 0 ? double(room - least) / each : 0;
    const int      fits  = least_context + int(std::min<double>(extra, requested - least_context));
    return { std::max(least_context, fits / context_step * context_step), std::max(room, least) };
}

static chat_size choose_chat(const artifact &      source,
                             const context_meter & meter,
                             bool                  as_long_as_trained,
                             uint64_t              memory_free,
                             const common_params & params) {
    if (meter.trained() == 0) {
        return {};  // the loader will report what is wrong
    }
    const int trained   = int(std::min<uint32_t>(meter.trained(), 1 << 30));
    const int requested = as_long_as_trained ? trained : std::min(trained, usual_context);
    if (memory_free == 0) {
        return { requested, 0 };
    }
    const uint64_t part =
        as_long_as_trained ? memory_free - memory_free / share_of_memory : memory_free / share_of_memory;
    return size_in(meter, params, std::min(part, free_beside(source, memory_free)), requested);
}

static void choose_cache(const artifact & source, uint64_t memory_free, uint64_t chat_bytes, common_params & params) {
    const uint64_t beside = free_beside(source, memory_free);
    const uint64_t left   = beside > chat_bytes ? beside - chat_bytes : 0;
    const auto     most   = uint64_t(std::max(0, params.cache_ram_mib));
    params.cache_ram_mib  = int(std::min(most, left / share_of_memory / bytes_per_mib));
}

std::string settle_memory(const artifact &      source,
                          const memory_wishes & wishes,
                          const context_meter & meter,
                          common_params &       params) {
    const uint64_t memory_free = read_machine().memory_free;
    chat_size      chat;
    if (params.n_ctx == 0) {
        chat         = choose_chat(source, meter, wishes.context, memory_free, params);
        params.n_ctx = chat.tokens;
    } else {
        chat = { params.n_ctx, meter.bytes(params, params.n_ctx) };
        if (wishes.check && memory_free > 0 && chat.bytes > memory_free) {
            return context_problem(chat.tokens, chat.bytes, memory_free);
        }
    }
    if (!wishes.cache && memory_free > 0 && params.n_ctx > 0) {
        choose_cache(source, memory_free, chat.bytes, params);
    }
    // otherwise llama.cpp reads the metadata again, to fit layers into graphics cards, which this program does not use
    params.fit_params = params.fit_params && params.n_ctx == 0;
    return "";
}
