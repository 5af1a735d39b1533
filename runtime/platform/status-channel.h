#pragma once

// Where the program that started this one, or the system's supervisor, hears how a start goes. Definitions in
// status-channel-posix.cpp and status-channel-win32.cpp.

#include <string>

class status_channel {
  public:
    status_channel() = default;
    ~status_channel();
    status_channel(const status_channel &)             = delete;
    status_channel & operator=(const status_channel &) = delete;

    // Takes what another program opened for it to write to, by its number: a descriptor (1 is standard output), or on
    // Windows a handle. Not handed on to child processes from now on. False where this is none.
    bool open(const std::string & number);

    // Writes a line; without effect where none is open, or nobody reads.
    void write(const std::string & line) const;

  private:
    long long number_ = -1;
};

// Tells systemd, or whoever set NOTIFY_SOCKET, in its words (sd_notify(3)): lines such as "READY=1". Without effect where
// nobody did.
void notify_supervisor(const std::string & lines);
