#pragma once

// The model for a command that asks it from this terminal: upstream's server on a port of loopback, and its client.

#include "artifact/artifact.h"
#include "base/result.h"
#include "cli-client.h"
#include "server/interrupts.h"
#include "server/session.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

struct common_params;
struct cli_server;

// One piece of an answer. `reasoning` is what the model thinks before it answers.
struct answer_piece {
    std::string text;
    bool        reasoning = false;
};

struct answer_end {
    std::string error;                // empty where the answer came, or was stopped
    double      prompt_rate     = 0;  // tokens/s
    double      generation_rate = 0;
};

class local_server {
  public:
    // Loads the model; `arguments` are options of llama.cpp's server, whose log is shown where `verbose`. Ends the program
    // where Ctrl-C comes meanwhile.
    static result<std::unique_ptr<local_server>> load(const artifact &                 source,
                                                      const std::vector<std::string> & arguments,
                                                      bool                             verbose);
    ~local_server();

    // `messages`: a JSON array as OpenAI's API has it. Ends early where Ctrl-C comes, or `on_piece` wants no more.
    answer_end ask(const std::string & messages, const std::function<bool(const answer_piece &)> & on_piece);

    // A request of upstream's own API; throws std::runtime_error where it fails.
    std::string post(const std::string & path, const std::string & body) { return client_.post(path, body); }

    // What Ctrl-C does from the beginning of load() on.
    interrupts & ctrl_c() { return ctrl_c_; }

  private:
    local_server(const artifact & source, bool verbose);

    // Why it cannot be asked; an empty text where it can.
    failure start(const artifact & source, std::vector<std::string> arguments);

    interrupts                  ctrl_c_;
    session                     session_;
    std::unique_ptr<cli_server> server_;
    cli_client                  client_;
};
