#include "upstream/option-ranges.h"

#include "arg.h"
#include "base/safe-text.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <limits>

static constexpr long long most = std::numeric_limits<int>::max();
static constexpr long long none = std::numeric_limits<long long>::min();

static constexpr float largest  = 3.4e38F;
static constexpr float smallest = 1.2e-38F;  // above 0

namespace {

struct number_range {
    const char * name;  // one spelling of the option
    long long    least;
    long long    greatest;
    long long    also = none;  // a value below `least` with a special meaning
};

struct decimal_range {
    const char * name;  // one spelling of the option
    float        least;
    float        greatest;
};

// A value that contains numbers.
struct number_form {
    const char * name;      // one spelling of the option
    const char * expected;  // in words
    bool (*fits)(const std::string & text);
};

}  // namespace

// Values below the minimum of the first three fail assertions of llama.cpp. 256 is its LLAMA_MAX_SEQ, 512 its
// GGML_MAX_N_THREADS.
static const number_range ranges[] = {
    { "--ctx-size", 32, most, 0 },
    { "--batch-size", 32, most },
    { "--ubatch-size", 32, most },
    { "--parallel", 1, 256, -1 },
    { "--threads", 1, 512, -1 },
    { "--threads-batch", 1, 512, -1 },
    { "--threads-http", 1, 1024, -1 },
    { "--keep", -1, most },
    { "--n-predict", -2, most },
    { "--ctx-checkpoints", 0, most },
    { "--checkpoint-min-step", 0, most },
    { "--cache-ram", -1, most },
    { "--cache-reuse", 0, most },
    { "--timeout", 1, most },
    { "--sse-ping-interval", -1, most },
    { "--sleep-idle-seconds", 1, most, -1 },
    { "--reasoning-budget", -1, most },
    { "--poll", 0, 100 },
    { "--prio", -1, 3 },
    { "--prio-batch", 0, 3 },
    { "--top-k", 0, most },
    { "--repeat-last-n", -1, most },
    { "--dry-allowed-length", 0, most },
    { "--dry-penalty-last-n", -1, most },
    { "--mirostat", 0, 2 },
    { "--yarn-orig-ctx", 0, most },
    { "--grp-attn-n", 1, most },
    { "--image-min-tokens", 1, most },
    { "--image-max-tokens", 1, most },
    { "--mtmd-batch-max-tokens", 1, most },
    { "--embd-normalize", -1, most },
    { "--port", 0, 65535 },
};

// All options of llama.cpp's server whose values it reads with std::stof() or std::stod().
static const decimal_range decimals[] = {
    { "--temp", 0, largest },
    { "--top-p", 0, 1 },
    { "--min-p", 0, 1 },
    { "--top-n-sigma", -largest, largest },
    { "--xtc-probability", 0, 1 },
    { "--xtc-threshold", 0, 1 },
    { "--typical-p", 0, 1 },
    { "--repeat-penalty", smallest, largest },
    { "--presence-penalty", -largest, largest },
    { "--frequency-penalty", -largest, largest },
    { "--dry-multiplier", 0, largest },
    { "--dry-base", 1, largest },
    { "--adaptive-target", -largest, 1 },
    { "--adaptive-decay", 0, 0.99F },
    { "--dynatemp-range", 0, largest },
    { "--dynatemp-exp", -largest, largest },
    { "--mirostat-lr", -largest, largest },
    { "--mirostat-ent", -largest, largest },
    { "--rope-scale", smallest, largest },
    { "--rope-freq-base", 0, largest },
    { "--rope-freq-scale", 0, largest },
    { "--yarn-ext-factor", -largest, largest },
    { "--yarn-attn-factor", -largest, largest },
    { "--yarn-beta-slow", -largest, largest },
    { "--yarn-beta-fast", -largest, largest },
    { "--video-fps", smallest, largest },
    { "--slot-prompt-similarity", 0, 1 },
    { "--spec-draft-p-split", 0, 1 },
    { "--spec-draft-p-min", 0, 1 },
    { "--spec-synth-len", -largest, largest },
};

static bool is_whole(const std::string & text, long long least, long long greatest) {
    char *     end    = nullptr;
    const auto number = std::strtoll(text.c_str(), &end, 10);  // outside its range, the nearest number
    return !text.empty() && *end == '\0' && number >= least && number <= greatest;
}

static bool is_int(const std::string & text) {
    return is_whole(text, std::numeric_limits<int>::min(), most);
}

// std::stof() refuses a number if no float is near it, such as 1e999 and 1e-60.
static bool is_decimal(const std::string & text, float least, float greatest) {
    char * end         = nullptr;
    errno              = 0;
    const float number = std::strtof(text.c_str(), &end);
    return !text.empty() && *end == '\0' && errno != ERANGE && number >= least && number <= greatest;
}

static bool is_float(const std::string & text) {
    return is_decimal(text, -largest, largest);
}

// Whether all items of a list fit.
static bool all_of(const std::string & text, const char * separators, bool (*fits)(const std::string &)) {
    for (size_t from = 0; from <= text.size();) {
        const size_t to = std::min(text.find_first_of(separators, from), text.size());
        if (!fits(text.substr(from, to - from))) {
            return false;
        }
        from = to + 1;
    }
    return true;
}

static bool is_decimal_list(const std::string & text) {
    return all_of(text, ",/", is_float);
}

static bool is_size_list(const std::string & text) {
    return all_of(text, ",/", [](const std::string & item) { return is_whole(item, 0, most); });
}

static bool is_scaled_list(const std::string & text) {
    return all_of(text, ",", [](const std::string & item) {
        const auto colon = item.rfind(':');
        return colon != std::string::npos && is_float(item.substr(colon + 1));
    });
}

static bool is_layer_count(const std::string & text) {
    return text == "auto" || text == "all" || is_int(text);
}

static const number_form forms[] = {
    { "--gpu-layers", "a whole number, auto or all", is_layer_count },
    { "--spec-draft-ngl", "a whole number, auto or all", is_layer_count },
    { "--tensor-split", "numbers with commas between them", is_decimal_list },
    { "--spec-synth-rates", "numbers with commas between them", is_decimal_list },
    { "--fit-target", "whole numbers of MiB with commas between them", is_size_list },
    { "--lora-scaled", "FILE:NUMBER, or several with commas between them", is_scaled_list },
    { "--control-vector-scaled", "FILE:NUMBER, or several with commas between them", is_scaled_list },
    { "--control-vector-layer-range", "two whole numbers", is_int },
};

// The row of `table` that has a spelling of the option, or null.
template <typename row, size_t size> static const row * find_row(const row (&table)[size], const common_arg & option) {
    const auto found = std::find_if(table, table + size, [&](const row & one) {
        return std::any_of(option.args.begin(), option.args.end(),
                           [&](const char * name) { return std::string(name) == one.name; });
    });
    return found == table + size ? nullptr : found;
}

static std::string sentence(const std::string & name, const std::string & expected, const std::string & text) {
    return name + ": expected " + expected + ", found \"" + safe_line(text) + "\".";
}

static std::string whole_problem(const std::string & name, const common_arg & option, const std::string & text) {
    const auto * row   = find_row(ranges, option);
    const auto   range = row ? *row : number_range{ "", std::numeric_limits<int>::min(), most };
    if (is_whole(text, range.least, range.greatest) || (range.also != none && is_whole(text, range.also, range.also))) {
        return "";
    }
    return sentence(name,
                    (range.also == none ? "" : std::to_string(range.also) + ", or ") + std::to_string(range.least) +
                        " to " + std::to_string(range.greatest),
                    text);
}

static std::string format(const char * form, float number) {
    char text[64];
    std::snprintf(text, sizeof(text), form, number);
    return text;
}

// Leaves out a bound that every float satisfies.
static std::string readable(const decimal_range & range) {
    if (range.greatest == largest) {
        return range.least == -largest ? "a number" :
               range.least == smallest ? "a number above 0" :
                                         format("a number of at least %g", range.least);
    }
    return (range.least == -largest ? "a number of at most " : format("a number from %g to ", range.least)) +
           format("%g", range.greatest);
}

std::string find_value_problem(const std::string & name, const common_arg & option, const std::string & text) {
    if (option.handler_int) {
        return whole_problem(name, option, text);
    }
    if (const auto * range = find_row(decimals, option); range && !is_decimal(text, range->least, range->greatest)) {
        return sentence(name, readable(*range), text);
    }
    if (const auto * form = find_row(forms, option); form && !form->fits(text)) {
        return sentence(name, form->expected, text);
    }
    return "";
}
