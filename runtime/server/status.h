#pragma once

// Reports the start to other programs: JSON lines for --status-fd, and systemd's notify protocol (docs/starting.md,
// "For programs"). Any thread may call each function.

#include "platform/status-channel.h"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <string>
#include <vector>

struct loading_progress;

class start_status {
  public:
    // Returns false if `number` is not a descriptor that is open for writing.
    bool open(const std::string & number) { return channel_.open(number); }

    // `address` is the address of the page for this computer, or else the first of `addresses`.
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
