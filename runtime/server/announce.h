#pragma once

// Tells the person who started the server what happens: on the console, and with a browser.

#include "artifact/artifact.h"

#include <functional>
#include <string>
#include <vector>

class file_lock;
struct llama_context;

struct announce_settings {
    std::string       program;      // name of the file, for hints
    std::string       log_path;     // empty if there is no log file
    std::string       path_prefix;  // --api-prefix
    std::string       open_hosts;   // hosts where other computers can connect; empty if it listens only on loopback
    bool              open_browser   = true;
    bool              context_chosen = false;  // --ctx-size was not given
    const file_lock * lock = nullptr;          // the file in which later starts find the address; null if there is none

    // Sets how much memory a chat can use. Returns why the requested context does not fit; empty if it does.
    std::function<std::string()> settle_memory;
};

class announcement {
  public:
    announcement(const artifact & source, announce_settings settings);

    // The server answers at these addresses. Returns why the model will not be loaded; empty if it will.
    std::string listening(const std::vector<std::string> & addresses);

    void ready(llama_context * context) const;

    // The address of the page for a browser on this computer; empty for a socket in the file system.
    std::string page_address(std::string address) const;

    // Says in one paragraph why the server ended with an error. Both arguments may be empty; `errors` are the first of
    // the log.
    std::string failure(const std::string & listener_problem, const std::string & errors) const;

  private:
    void say_addresses(const std::vector<std::string> & addresses) const;

    const artifact &  source_;
    announce_settings settings_;
    bool              listening_ = false;
};

// Opens the page of a server that already runs. `other_options`: this start has options that the running server may not
// have.
void open_page(const std::string & address, bool with_browser, bool other_options);
