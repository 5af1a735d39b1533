#pragma once

// Whether what lies in a folder can be believed: it may be one that everybody may write to, such as one in /tmp.
// Definitions in own-folder-posix.cpp and own-folder-win32.cpp.

#include <string>

enum class folder_link { refused, ours_leads_there };

// Whether `path` is a folder of this user's that nobody else may write to; where its group may, that is taken away. A link
// is none, or one only where it is this user's own. On Windows a user's folders are closed to others: true.
bool is_own_folder(const std::string & path, folder_link link = folder_link::refused);

// Whether `path`, or a folder or link above it, belongs to another user than this one and root, and lies in a folder that
// everybody may write to: they put it there. What is not there was not. On Windows: false.
bool is_planted(const std::string & path);
