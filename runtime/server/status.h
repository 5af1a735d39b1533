#pragma once

// How a start goes, for programs: JSON lines for the one that gave --status-fd, and systemd's notify protocol
// (docs/starting.md, "For programs"). Each function may be called by any thread.

#include "platform/status-channel.h"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <string>
#include <vector>

struct loading_progress;

class start_status {
  public:
    // False where `number` is nothing that can be written to.
    bool open(const std::string & number) { return channel_.open(number); }

    // `address`: the page's, as this computer reaches it, or the first of all `addresses`.
    void listening(const std::string & address, const std::vector<std::string> & addresses) const;
    void loading(const loading_progress & progress) const;
    void ready() const;

    // The server ends because it was asked to. Only the first call counts. May be called in a signal handler.
    void stopping();

    // The program ends with `status`, and says why.
    void failed(const std::string & message, int status) const;

  private:
    void say(const nlohmann::ordered_json & event) const;

    status_channel    channel_;
    supervisor        supervisor_;
    std::atomic<bool> stopping_ = false;
};
