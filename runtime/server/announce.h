#pragma once

// What the person who started the server is told and shown: on the console, and by a browser that opens.

#include "artifact/artifact.h"

#include <functional>
#include <string>

struct start_settings {
    const artifact * source = nullptr;
    std::string      program;      // the file's name, for hints
    std::string      log_path;     // empty where there is no log file
    std::string      path_prefix;  // --api-prefix
    std::string      open_hosts;   // where other computers can connect; empty where the server is on loopback alone
    bool             open_browser   = true;
    bool             publish        = false;  // this start is the one that later ones find
    bool             context_chosen = false;  // nobody said --ctx-size

    // Sets how much memory a chat may take; why the context that was asked for has no room, or an empty text.
    std::function<std::string()> settle_memory;
};

// To be called before the server starts.
void prepare_start(start_settings settings);

// Opens the page of a server that runs already; `other_options` were given, which that one was not started with.
void open_page(const std::string & address, bool with_browser, bool other_options);

// Says why the server ended with an error, in one paragraph.
void explain_failure();
