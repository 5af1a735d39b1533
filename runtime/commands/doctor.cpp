#include "commands/doctor.h"

#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "base/json-text.h"
#include "base/safe-text.h"
#include "base/text.h"
#include "platform/console.h"
#include "platform/machine.h"
#include "platform/system.h"
#include "upstream/version.h"

#include <nlohmann/json.hpp>

#include <cstdio>

using json = nlohmann::ordered_json;

static json kernel_facts() {
    const auto chosen = chosen_cpu_variant();
    json       scores = json::array();
    for (const auto & variant : cpu_variants()) {
        scores.push_back({ { "name", variant.name }, { "features", variant.features }, { "score", variant.score } });
    }
    return {
        { "chosen", chosen ? json(chosen.value().name) : json(nullptr) },
        { "why", chosen ? chosen_cpu_reason() : chosen.message() },
        { "levels", scores },
    };
}

static std::string thread_reason(const machine_facts & machine) {
    if (machine.quota > 0 && default_threads(machine) < machine.fast_cores) {
        return "the control group allows " + one_decimal(machine.quota) + " processors";
    }
    return machine.fast_cores < machine.cores ? "one per fast core" : "one per physical core";
}

static json all_facts(const artifact & source) {
    const auto machine = read_machine();
    return {
        { "program",
          { { "name", source.contents.name },
            { "runtime", MKEXE_VERSION },
            { "llama_cpp", upstream_commit() },
            { "target", MKEXE_TARGET },
            { "file", source.path },
            { "weight_bytes", weight_bytes(source.contents) } } },
        { "processor",
          { { "name", machine.processor },
            { "logical", machine.logical },
            { "cores", machine.cores },
            { "fast_cores", machine.fast_cores },
            { "quota", machine.quota > 0 ? json(machine.quota) : json(nullptr) } } },
        { "kernels", kernel_facts() },
        { "threads", { { "default", default_threads(machine) }, { "why", thread_reason(machine) } } },
        { "memory", { { "total_bytes", machine.memory }, { "free_bytes", machine.memory_free } } },
    };
}

static void print_row(const char * name, const std::string & text) {
    std::printf("%-10s %s\n", name, safe_line(text).c_str());
}

static std::string readable_cores(const json & processor) {
    const bool equal = processor["fast_cores"] == processor["cores"];
    return processor["cores"].dump() + " cores, " + (equal ? "" : processor["fast_cores"].dump() + " of them fast, ") +
           processor["logical"].dump() + " threads" +
           (processor["quota"].is_null() ? "" : ", limited to the time of " + one_decimal(processor["quota"]));
}

static void print_readable(const json & facts) {
    const auto & program   = facts["program"];
    const auto & processor = facts["processor"];
    const auto & kernels   = facts["kernels"];
    print_row("program", program["name"].get<std::string>() + ", mkexe runtime " +
                             program["runtime"].get<std::string>() + " (" + program["target"].get<std::string>() +
                             "), llama.cpp " + program["llama_cpp"].get<std::string>());
    print_row("file", program["file"].get<std::string>());
    print_row("processor", processor["name"].get<std::string>());
    print_row("", readable_cores(processor));
    print_row("kernels", kernels["chosen"].is_null() ?
                             kernels["why"].get<std::string>() :
                             kernels["chosen"].get<std::string>() + ": " + kernels["why"].get<std::string>());
    for (const auto & level : kernels["levels"]) {
        const int score = level["score"];
        std::printf("%-10s %-15s %s\n", "", level["name"].get<std::string>().c_str(),
                    score > 0 ? ("score " + std::to_string(score)).c_str() : "not on this processor");
    }
    print_row("threads", facts["threads"]["default"].dump() + ": " + facts["threads"]["why"].get<std::string>());
    print_row("memory", readable_size(facts["memory"]["total_bytes"].get<double>()) + ", " +
                            readable_size(facts["memory"]["free_bytes"].get<double>()) + " free; the weights are " +
                            readable_size(program["weight_bytes"].get<double>()) + ", used from the file");
}

int show_doctor(const artifact & source, bool as_json) {
    const auto facts = all_facts(source);
    if (as_json) {
        print_result(json_text(facts, 2) + "\n");
    } else {
        print_readable(facts);
    }
    return chosen_cpu_variant() ? exit_good : exit_unsupported;
}
