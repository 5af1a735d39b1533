#pragma once

// The folders for a user's files on this system. Definitions in user-folders-linux.cpp, user-folders-macos.cpp and
// user-folders-win32.cpp. Absolute paths in UTF-8; empty if the system does not tell.

#include <string>

struct user_folders {
    std::string data;   // files to keep: chats
    std::string state;  // files that may be lost: logs
    std::string run;    // files for running programs: locks
};

user_folders find_user_folders();
