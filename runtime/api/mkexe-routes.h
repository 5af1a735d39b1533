#pragma once

// The endpoints under /mkexe/ (docs/http-api.md).

#include <string>

struct own_routes_settings {
    std::string name;         // the artifact's
    std::string path_prefix;  // --api-prefix
    std::string chats;        // the folder, or empty where chats are not kept
    bool        may_quit = true;
};

// To be called before the server starts.
void prepare_own_routes(own_routes_settings settings);
