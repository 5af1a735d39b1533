#include "server/local-server.h"

#include "arg.h"
#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "base/json-text.h"
#include "cli-server.h"
#include "lifecycle/memory-check.h"
#include "platform/system.h"
#include "platform/terminal-state.h"
#include "server-stream.h"
#include "server/listener.h"
#include "server/memory-budget.h"
#include "server/options.h"
#include "server/request-guard.h"
#include "upstream/artifact-fopen.h"
#include "upstream/context-meter.h"
#include "upstream/log-filter.h"
#include "upstream/server-arguments.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

using json = nlohmann::ordered_json;

static const std::string own_host = "127.0.0.1";  // as upstream's cli_server::address() has it

static std::atomic<bool> interrupted  = false;
static std::atomic<bool> loading      = false;
static std::atomic<bool> reading_line = false;
static std::atomic<bool> patient      = false;
static std::atomic<int>  presses      = 0;

bool was_interrupted() {
    return interrupted;
}

void forget_interrupt() {
    interrupted = false;
    presses     = 0;
}

void set_patient_with_interrupts(bool wanted) {
    patient = wanted;
}

void set_reading_line(bool reading) {
    reading_line = reading;
    if (!reading) {
        forget_waiting_read();
    }
}

// While the model is loaded Ctrl-C ends the program; while an answer is being stopped, so does the second one, or the
// third where a chat would be lost. At a prompt it only ends the line: the first one may have come before the read began.
static void on_interrupt() {
    if (loading) {
        std::_Exit(exit_interrupted);
    }
    interrupted = true;
    if (reading_line) {
        presses = 0;
        end_waiting_read();
    } else if (++presses > (patient ? 2 : 1)) {
        restore_terminal();
        std::_Exit(exit_interrupted);
    }
}

local_server::local_server() = default;

local_server::~local_server() {
    server_->stop();
}

result<std::unique_ptr<local_server>> local_server::load(const artifact &                 source,
                                                         const std::vector<std::string> & given) {
    auto       arguments = given;
    const auto unchecked = std::remove(arguments.begin(), arguments.end(), "--no-memory-check");
    const bool check     = unchecked == arguments.end();
    arguments.erase(unchecked, arguments.end());
    if (const auto problem = check ? find_weights_problem(source) : ""; !problem.empty()) {
        return failure{ problem, exit_memory };
    }
    if (const auto variant = chosen_cpu_variant(); !variant) {
        return failure{ variant.message(), exit_unsupported };
    }
    if (const auto problem = find_loopback_problem(own_host); !problem.empty()) {
        return failure{ problem };
    }
    handle_interrupt(on_interrupt);
    loading = true;
    serve_embedded_files(source);
    set_guard_rules({});
    ask_for_exact_port(true);
    common_params params;
    if (!read_server_arguments(source, arguments, "", params)) {
        return failure{ "Try --help, or --help-server for all of llama.cpp's options.", exit_usage };
    }
    llama_backend_init();
    llama_numa_init(params.numa);
    // one person, one question at a time
    params.n_parallel = 1;
    params.hostnames  = { own_host };
    params.ui         = false;
    params.api_prefix.clear();  // upstream's client knows of none
    params.api_keys.clear();    // such as LLAMA_API_KEY in a container: upstream's client of this server has no key

    if (const auto problem = settle_memory(source, read_memory_wishes(arguments, check), context_meter(params), params);
        !problem.empty()) {
        return failure{ problem, exit_memory };
    }
    std::unique_ptr<local_server> model(new local_server());
    model->server_ = std::make_unique<cli_server>();
    model->server_->start(params);
    if (!model->server_->wait_ready([] { return false; })) {
        return failure{ "The model could not be loaded.\n" + first_log_errors() };
    }
    model->client_.server_base = model->server_->address();
    loading                    = false;
    return model;
}

static std::string error_in(const std::string & body) {
    const json parsed = json::parse(body, nullptr, false);
    if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
        return parsed["error"].value("message", body);
    }
    return body;
}

static std::string text_of(const json & delta, const char * member) {
    const auto found = delta.find(member);
    return found != delta.end() && found->is_string() ? found->get<std::string>() : "";
}

answer_end local_server::ask(const std::string & messages, const std::function<bool(const answer_piece &)> & on_piece) {
    const json body = { { "messages", json::parse(messages) }, { "stream", true }, { "timings_per_token", true } };
    answer_end end;
    bool       wanted  = true;
    const auto on_data = [&](const std::string & data) {
        const json chunk = json::parse(data, nullptr, false);
        if (!chunk.is_object()) {
            return;
        }
        if (chunk.contains("error")) {
            end.error = error_in(data);
            return;
        }
        if (chunk.contains("timings")) {
            end.prompt_rate     = chunk["timings"].value("prompt_per_second", 0.0);
            end.generation_rate = chunk["timings"].value("predicted_per_second", 0.0);
        }
        if (chunk.contains("choices") && !chunk["choices"].empty()) {
            const auto & delta = chunk["choices"][0]["delta"];
            for (const bool reasoning : { true, false }) {
                const auto text = text_of(delta, reasoning ? "reasoning_content" : "content");
                if (!text.empty()) {
                    wanted = on_piece({ text, reasoning }) && wanted;
                }
            }
        }
    };
    const auto is_over = [&] {
        return was_interrupted() || !wanted;
    };
    const auto failed = client_.post_sse("/v1/chat/completions", json_text(body), is_over, on_data);
    if (!failed.empty()) {
        end.error = error_in(failed);
    }
    return end;
}
