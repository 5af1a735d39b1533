#pragma once

// Whether the files in a folder can be trusted: everybody may write to some folders, for example in /tmp. Definitions
// in own-folder-posix.cpp and own-folder-win32.cpp.

#include <string>

enum class folder_link { refused, ours_leads_there };

// Whether `path` is a folder that belongs to this user and that nobody else can write to. If its group can write to it,
// the function takes that right away. `link` says whether a link of this user counts as a folder. On Windows always
// true, because others cannot write to a user's folders.
bool is_own_folder(const std::string & path, folder_link link = folder_link::refused);

// Whether another user (not root) made `path`, or a folder or link above it: it belongs to that user, and everybody can
// write to the folder that contains it. False if it does not exist. On Windows always false.
bool is_planted(const std::string & path);
