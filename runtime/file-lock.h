#pragma once

// A lock that ends with the process that holds it, however that ends. Definitions in file-lock-posix.cpp and
// file-lock-win32.cpp.

#include <string>

enum class lock_result { taken, held_by_another, failed };

// Takes the lock of the file `path`, which is made where it is missing. Kept until this process ends; the file's
// content is free to be read and written by anybody.
lock_result take_lock(const std::string & path);
