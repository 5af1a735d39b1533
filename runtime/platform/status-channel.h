#pragma once

// Where the program that started this one, or the system's supervisor, hears how a start goes. Definitions in
// status-channel-posix.cpp and status-channel-win32.cpp.

#include <string>
#include <string_view>

class status_channel {
  public:
    status_channel() = default;
    ~status_channel();
    status_channel(const status_channel &)             = delete;
    status_channel & operator=(const status_channel &) = delete;

    // Takes what another program opened for it to write to, by its number: a descriptor (1 is standard output), or on
    // Windows a handle. Not handed on to child processes from now on. False where this is none.
    bool open(const std::string & number);

    // Writes lines with their ends; without effect where none is open, or nobody reads. May be called in a signal handler.
    void write(std::string_view lines) const;

  private:
    long long number_ = -1;
};

// systemd, or another program that set NOTIFY_SOCKET before it started this one (sd_notify(3)).
class supervisor {
  public:
    supervisor();

    // Sends lines such as "READY=1". Has no effect where NOTIFY_SOCKET is not set. May be called in a signal handler.
    void notify(std::string_view lines) const;

  private:
    std::string socket_path_;
};
