#include "server/model-check.h"

#include "arg.h"
#include "backends/cpu-dispatch.h"
#include "base/exit-status.h"
#include "chat.h"
#include "common.h"
#include "log.h"
#include "platform/machine.h"
#include "platform/system.h"
#include "server-context.h"
#include "server/options.h"
#include "upstream/unread-weights.h"

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <exception>

static int refuse(std::string cause) {
    std::replace(cause.begin(), cause.end(), '\n', ' ');
    std::printf("refused: %s\n", cause.c_str());
    return exit_model;
}

static int refuse_with_logged(const log_filter & log) {
    common_log_flush(common_log_main());
    return refuse(log.first_errors());
}

static bool read_arguments(std::vector<std::string> arguments, common_params & params) {
    std::setlocale(LC_NUMERIC, "C");
    common_init();
    arguments.insert(arguments.begin(), "check-model");
    std::vector<char *> pointers;
    for (auto & argument : arguments) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    return common_params_parse(int(arguments.size()), pointers.data(), params, LLAMA_EXAMPLE_SERVER);
}

// The same as the start of llama.cpp's llama_server(), without steps that cost time or memory and test nothing of the
// model.
static void choose_parameters(common_params & params) {
    params.fit_params          = false;
    params.warmup              = !params.mmproj.path.empty();  // only this builds the graph of the projector
    params.no_extra_bufts      = true;  // keep the layout of the weights: there are no weights to convert
    params.load_mode           = LLAMA_LOAD_MODE_NONE;
    params.lazy_mode           = LLAMA_LAZY_MODE_OFF;
    params.cache_ram_mib       = 0;
    params.cpuparams.n_threads = default_threads(read_machine());
    if (params.n_parallel < 0) {
        params.n_parallel = 4;
        params.kv_unified = true;
    }
}

// Models with a cache have decoded two tokens while loading (common_context_can_seq_rm). All others do it here.
static std::string compute_problem(llama_context * context) {
    const auto * model  = llama_get_model(context);
    const bool   memory = llama_get_memory(context) != nullptr;
    if (memory && !llama_model_has_encoder(model)) {
        return "";
    }
    std::vector<llama_token> tokens = { 0, 0 };
    const auto type  = llama_model_has_encoder(model) ? LLAMA_PROCESS_TYPE_ENCODE : LLAMA_PROCESS_TYPE_DECODE;
    auto       batch = common_batch_get_one(context, tokens);
    const int  error = llama_process(context, type, batch.get());
    return error == 0 ? "" : "two tokens could not be computed (" + std::to_string(error) + ")";
}

// The first question of a chat, as /v1/chat/completions writes it.
static void write_question(const server_context & server, const common_params & params) {
    common_chat_msg question;
    question.role    = "user";
    question.content = "Hello";

    const auto                   meta = server.get_meta();
    common_chat_templates_inputs inputs;
    inputs.messages              = { question };
    inputs.use_jinja             = params.use_jinja;
    inputs.add_generation_prompt = true;
    const auto prompt            = common_chat_templates_apply(meta.chat_params.tmpls.get(), inputs).prompt;
    if (prompt.find(question.content) == std::string::npos) {
        throw std::runtime_error("it leaves out the question");
    }
    common_tokenize(server.get_llama_context(), prompt, true, true);
}

// Prints which file is at fault if a refusal follows, or if the process ends.
static void say_stage(server_state, json details) {
    if (details.is_object() && details.value("stage", "") == "mmproj_model") {
        std::printf("reading: projector\n");
        std::fflush(stdout);
    }
}

static int check(common_params & params, const log_filter & log) {
    server_context server;
    server.set_state_callback(say_stage);
    if (!server.load_model(params)) {
        return refuse_with_logged(log);
    }
    if (const auto problem = compute_problem(server.get_llama_context()); !problem.empty()) {
        return refuse(problem);
    }
    if (!params.embedding) {
        try {
            write_question(server, params);
        } catch (const std::exception & error) {
            return refuse(std::string("chat template error: ") + error.what());
        }
    }
    return exit_good;
}

static int check_all(const std::vector<std::string> & arguments) {
    if (const auto variant = chosen_cpu_variant(); !variant) {
        std::printf("not checked: %s\n", variant.message().c_str());
        return exit_unsupported;
    }
    unread_weights           hooks;
    const mkexe::hooks_scope scope(hooks);
    const auto               options = parse_serve_options(arguments);
    common_params            params;
    if (!options || !read_arguments(options.value().server_arguments, params)) {
        std::printf("not checked: the options\n");
        return exit_usage;
    }
    choose_parameters(params);
    llama_backend_init();
    try {
        return check(params, hooks.log);
    } catch (const std::exception & error) {
        return refuse(error.what());
    }
}

int check_model(const std::vector<std::string> & arguments) {
    const int status = check_all(arguments);
    std::fflush(stdout);
    std::_Exit(status);  // no cleanup: the process ends
}
