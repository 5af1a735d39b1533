#include "upstream/option-ranges.h"

#include "arg.h"
#include "base/safe-text.h"
#include "platform/system.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

static constexpr long long most = std::numeric_limits<int>::max();
static constexpr long long none = std::numeric_limits<long long>::min();

namespace {

struct number_range {
    const char * name;  // one of the option's spellings
    long long    least;
    long long    greatest;
    long long    also = none;  // a value below the least that has a meaning of its own
};

}  // namespace

// Below the least of the first three, llama.cpp's assertions fail; 256 is its LLAMA_MAX_SEQ, 512 its GGML_MAX_N_THREADS.
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

static number_range range_of(const common_arg & option) {
    for (const auto & range : ranges) {
        if (std::find_if(option.args.begin(), option.args.end(),
                         [&](const char * name) { return std::string(name) == range.name; }) != option.args.end()) {
            return range;
        }
    }
    return { "", std::numeric_limits<int>::min(), most };
}

static bool is_in(const number_range & range, const std::string & text) {
    char *     end    = nullptr;
    const auto number = std::strtoll(text.c_str(), &end, 10);  // beyond its own range, the nearest number
    const bool whole  = !text.empty() && *end == '\0';
    return whole && (number == range.also || (number >= range.least && number <= range.greatest));
}

static std::string problem_with(const std::string & name, const common_arg & option, const std::string & text) {
    const auto range = range_of(option);
    if (is_in(range, text)) {
        return "";
    }
    return name + ": expected " + (range.also == none ? "" : std::to_string(range.also) + ", or ") +
           std::to_string(range.least) + " to " + std::to_string(range.greatest) + ", found \"" + safe_line(text) +
           "\".";
}

static const common_arg * find_option(const std::vector<common_arg> & options, const std::string & argument) {
    auto spelling = argument;
    if (argument.rfind("--", 0) == 0) {
        std::replace(spelling.begin(), spelling.end(), '_', '-');  // as upstream does
    }
    const common_arg * found = nullptr;
    for (const auto & option : options) {
        for (const auto & names : { option.args, option.args_neg }) {
            for (const char * name : names) {
                found = spelling == name ? &option : found;  // the last one of that name, as upstream
            }
        }
    }
    return found;
}

// How many of the words behind an option are its values.
static size_t values_of(const common_arg & option) {
    return option.handler_int || option.handler_string ? 1 : option.handler_str_str ? 2 : 0;
}

static std::string problem_in_environment(const std::vector<common_arg> & options) {
    for (const auto & option : options) {
        const auto value   = option.handler_int && option.env ? environment(option.env) : "";
        const auto problem = value.empty() ? "" : problem_with(option.env, option, value);
        if (!problem.empty()) {
            return problem;
        }
    }
    return "";
}

std::string find_number_problem(const std::vector<std::string> & arguments, const std::vector<common_arg> & options) {
    for (size_t i = 0; i < arguments.size(); i++) {
        const auto * option = find_option(options, arguments[i]);
        if (!option && safe_line(arguments[i]) != arguments[i]) {  // upstream says it as it is
            return "error: invalid argument: " + safe_line(arguments[i]);
        }
        if (option && option->handler_int && i + 1 < arguments.size()) {
            if (const auto problem = problem_with(arguments[i], *option, arguments[i + 1]); !problem.empty()) {
                return problem;
            }
        }
        i += option ? values_of(*option) : 0;
    }
    return problem_in_environment(options);
}
