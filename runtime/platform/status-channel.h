#pragma once

// Reports the start to the program that started this one, or to the supervisor of the system. Definitions in
// status-channel-posix.cpp and status-channel-win32.cpp.

#include <string>
#include <string_view>

class status_channel {
  public:
    status_channel() = default;
    ~status_channel();
    status_channel(const status_channel &)             = delete;
    status_channel & operator=(const status_channel &) = delete;

    // Uses the descriptor `number`, which another program opened for writing (1 is standard output); on Windows a
    // handle. From now on, child processes do not inherit it. Returns false if the number is not such a descriptor or
    // handle.
    bool open(const std::string & number);

    // Writes complete lines. Does nothing if no channel is open, or if nobody reads. Signal handlers may call it.
    void write(std::string_view lines) const;

  private:
    long long number_ = -1;
};

// systemd, or another program that set NOTIFY_SOCKET before it started this one (sd_notify(3)).
class supervisor {
  public:
    supervisor();

    // Sends lines such as "READY=1". Does nothing if NOTIFY_SOCKET is not set. Signal handlers may call it.
    void notify(std::string_view lines) const;

  private:
    std::string socket_path_;
};
