#pragma once

// A lock that ends with the process that holds it, however that ends, and what its holder tells others. Definitions in
// file-lock-posix.cpp and file-lock-win32.cpp.

#include <string>

enum class lock_result { taken, held_by_another, failed };

// Takes the lock of the file `path`, which is made where it is missing. Kept until this process ends or drops it. Fails
// where the file is a link, no ordinary file, not this user's own, or open to the writing of others.
lock_result take_lock(const std::string & path);

// For the one that took it: what the file holds from now on.
bool write_lock(const std::string & path, const std::string & content);

// For others: what it holds, at most 4096 bytes; empty where it fails as take_lock() does.
std::string read_lock(const std::string & path);

// For the one that took it: removes the file, then lets go of it. False where it could not be removed.
bool remove_lock(const std::string & path);
