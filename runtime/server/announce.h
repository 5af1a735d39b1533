#pragma once

// What the person who started the server is told and shown: on the console, and by a browser that opens.

#include "artifact/artifact.h"

#include <functional>
#include <string>
#include <vector>

class file_lock;
struct llama_context;

struct announce_settings {
    std::string       program;      // the file's name, for hints
    std::string       log_path;     // empty where there is no log file
    std::string       path_prefix;  // --api-prefix
    std::string       open_hosts;   // where other computers can connect; empty where it is on loopback alone
    bool              open_browser   = true;
    bool              context_chosen = false;    // nobody said --ctx-size
    const file_lock * lock           = nullptr;  // where later starts find this one's address; null where they do not

    // Sets how much memory a chat may take; why the context that was asked for has no room, or an empty text.
    std::function<std::string()> settle_memory;
};

class announcement {
  public:
    announcement(const artifact & source, announce_settings settings);

    // The server answers at these addresses. Returns why the model is not loaded all the same, or an empty text.
    std::string listening(const std::vector<std::string> & addresses);

    void ready(llama_context * context) const;

    // The address of the page as a browser on this computer reaches it; empty for a socket of the file system.
    std::string page_address(std::string address) const;

    // Why the server ended with an error, in one paragraph. `listener_problem` and the log's first errors may be empty.
    std::string failure(const std::string & listener_problem, const std::string & errors) const;

  private:
    void say_addresses(const std::vector<std::string> & addresses) const;

    const artifact &  source_;
    announce_settings settings_;
    bool              listening_ = false;
};

// Opens the page of a server that runs already; `other_options` were given, which that one was not started with.
void open_page(const std::string & address, bool with_browser, bool other_options);
