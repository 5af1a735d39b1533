#pragma once

// The model of a command in the terminal: llama.cpp's server on a loopback port, and its client.

#include "artifact/artifact.h"
#include "base/result.h"
#include "cli-client.h"
#include "server/interrupts.h"
#include "server/session.h"
#include "upstream/server-arguments.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

struct common_params;
struct cli_server;

// One piece of an answer. `reasoning`: the model thinks, and does not answer yet.
struct answer_piece {
    std::string text;
    bool        reasoning = false;
};

struct answer_end {
    std::string error;                // empty if the answer came, or was stopped
    double      prompt_rate     = 0;  // tokens/s
    double      generation_rate = 0;
};

class local_server {
  public:
    // Loads the model. `options` are options of llama.cpp's server. `verbose` shows its log. Ctrl-C ends the program.
    static result<std::unique_ptr<local_server>> load(const artifact & source, user_options options, bool verbose);
    ~local_server();

    // `messages` is a JSON array of OpenAI's API. Ends early after Ctrl-C, or if `on_piece` returns false.
    answer_end ask(const std::string & messages, const std::function<bool(const answer_piece &)> & on_piece);

    // Sends a request to llama.cpp's server. Throws std::runtime_error if it fails.
    std::string post(const std::string & path, const std::string & body) { return client_.post(path, body); }

    // False if the user asked for 0 tokens (-n 0): llama.cpp's server would write one.
    bool may_answer() const { return may_answer_; }

    // What Ctrl-C does, from the beginning of load().
    interrupts & ctrl_c() { return ctrl_c_; }

  private:
    local_server(const artifact & source, bool verbose);

    // Why the model cannot be used; an empty message if it can.
    failure start(const artifact & source, user_options options);

    interrupts                  ctrl_c_;
    session                     session_;
    std::unique_ptr<cli_server> server_;
    cli_client                  client_;
    bool                        may_answer_ = true;
};
