#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "commands/command-options.h"
#include "commands/terminal-commands.h"
#include "platform/console.h"
#include "platform/machine.h"
#include "server/local-server.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

using json = nlohmann::ordered_json;

static constexpr int repeats = 3;

namespace {
struct bench_row {
    const char * name;
    int          prompt;     // tokens read
    int          generated;  // tokens written
    const char * rate;       // the member of upstream's "timings"
};
}  // namespace

static const bench_row rows[] = {
    { "reading 128 tokens", 128, 1, "prompt_per_second" },
    { "reading 512 tokens", 512, 1, "prompt_per_second" },
    { "writing 32 tokens", 16, 32, "predicted_per_second" },
};

// Different tokens each time, so that the cache of prompts does not help. The time does not depend on the tokens.
static json random_tokens(int count, unsigned & seed) {
    json tokens = json::array();
    for (int i = 0; i < count; i++) {
        seed = seed * 1103515245 + 12345;  // the C standard's example of rand()
        tokens.push_back(10 + (seed >> 16) % 200);
    }
    return tokens;
}

// Returns tokens/s, the median of several runs.
static double measure(local_server & model, const bench_row & row, unsigned & seed) {
    std::vector<double> rates;
    for (int i = 0; i < repeats; i++) {
        const json request = { { "prompt", random_tokens(row.prompt, seed) },
                               { "n_predict", row.generated },
                               { "cache_prompt", false },
                               { "ignore_eos", true },
                               { "temperature", 0 } };
        const json reply   = json::parse(model.post("/completion", request.dump()));
        rates.push_back(reply["timings"][row.rate].get<double>());
    }
    std::sort(rates.begin(), rates.end());
    return rates[repeats / 2];
}

int bench(const artifact & source, const std::vector<std::string> & arguments) {
    const auto options = parse_command_options(source.contents.default_args, arguments, {});
    if (!options) {
        say(options.message() + " Try bench --help.");
        return exit_usage;
    }
    const auto began = std::chrono::steady_clock::now();
    auto       model = local_server::load(source, options.value().server, options.value().verbose);
    if (!model) {
        say(model.message());
        return model.status();
    }
    const double loaded = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf("%s, kernels %s, %d threads, median of %d\n", source.contents.name.c_str(),
                chosen_cpu_variant().value().name, default_threads(read_machine()), repeats);
    std::printf("%-20s %10.2f s\n", "loading", loaded);
    unsigned seed = 1;
    try {
        for (const auto & row : rows) {
            std::printf("%-20s %10.1f tokens/s\n", row.name, measure(*model.value(), row, seed));
            std::fflush(stdout);
        }
    } catch (const std::exception & error) {
        say(std::string("bench: ") + error.what());
        return exit_failed;
    }
    return exit_good;
}
