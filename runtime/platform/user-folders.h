#pragma once

// Where a user's files belong on this system. Definitions in user-folders-linux.cpp, user-folders-macos.cpp and
// user-folders-win32.cpp. Absolute paths in UTF-8; empty where the system does not say.

#include <string>

struct user_folders {
    std::string data;   // kept: chats
    std::string state;  // may be lost: logs
    std::string run;    // of use while programs run: locks
};

user_folders find_user_folders();
