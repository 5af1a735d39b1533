#include "server/local-server.h"

#include "arg.h"
#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "base/json-text.h"
#include "cli-server.h"
#include "lifecycle/memory-check.h"
#include "server-stream.h"
#include "server/listener.h"
#include "server/memory-budget.h"
#include "server/options.h"
#include "upstream/context-meter.h"

#include <nlohmann/json.hpp>

#include <algorithm>

using json = nlohmann::ordered_json;

static const std::string own_host = "127.0.0.1";  // as in llama.cpp's cli_server::address()

local_server::local_server(const artifact & source, bool verbose) : session_(source, true) {
    session_.log.show_on_console(verbose);
}

local_server::~local_server() = default;  // first the server ends, then its session

result<std::unique_ptr<local_server>> local_server::load(const artifact & source, user_options options, bool verbose) {
    std::unique_ptr<local_server> model(new local_server(source, verbose));
    if (const auto problem = model->start(source, std::move(options)); !problem.message.empty()) {
        return problem;
    }
    model->ctrl_c_.set_loaded();
    return model;
}

// One person asks one question at a time. llama.cpp's client cannot use a prefix or a key (such as LLAMA_API_KEY in a
// container).
static void choose_parameters(common_params & params) {
    params.n_parallel = 1;
    params.hostnames  = { own_host };
    params.ui         = false;
    params.api_prefix.clear();
    params.api_keys.clear();
}

failure local_server::start(const artifact & source, user_options options) {
    auto &     arguments = options.arguments;
    const auto unchecked = std::remove(arguments.begin(), arguments.end(), "--no-memory-check");
    const bool check     = unchecked == arguments.end();
    arguments.erase(unchecked, arguments.end());
    if (const auto problem = check ? find_weights_problem(source) : ""; !problem.empty()) {
        return { problem, exit_memory };
    }
    if (const auto variant = chosen_cpu_variant(); !variant) {
        return { variant.message(), exit_unsupported };
    }
    if (const auto problem = find_loopback_problem(own_host); !problem.empty()) {
        return { problem };
    }
    common_params params;
    if (auto wrong = read_server_arguments(source, options, "", params); !wrong.message.empty()) {
        return wrong;
    }
    may_answer_ = params.n_predict != 0;
    llama_backend_init();
    llama_numa_init(params.numa);
    choose_parameters(params);
    if (const auto problem = settle_memory(source, read_memory_wishes(arguments, check), context_meter(params), params);
        !problem.empty()) {
        return { problem, exit_memory };
    }
    server_ = std::make_unique<cli_server>();
    server_->start(params);
    if (!server_->wait_ready([] { return false; })) {
        return { "The model could not be loaded.\n" + session_.log.first_errors() };
    }
    client_.server_base = server_->address();
    return {};
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
    if (!may_answer_) {
        return end;
    }
    bool       continues = true;
    const auto on_data   = [&](const std::string & data) {
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
                    continues = on_piece({ text, reasoning }) && continues;
                }
            }
        }
    };
    const auto is_over = [&] {
        return ctrl_c_.came() || !continues;
    };
    const auto failed = client_.post_sse("/v1/chat/completions", json_text(body), is_over, on_data);
    if (!failed.empty()) {
        end.error = error_in(failed);
    }
    return end;
}
