#pragma once

// A lock that ends with the process that holds it, however that ends, and what its holder tells others. Definitions in
// file-lock-posix.cpp and file-lock-win32.cpp.

#include <cstdint>
#include <string>

enum class lock_result { taken, held_by_another, failed };

class file_lock {
  public:
    file_lock() = default;
    ~file_lock();
    file_lock(file_lock && other) noexcept;
    file_lock & operator=(file_lock && other) noexcept;

    // Takes the lock of the file `path`, which is made where it is missing. Fails where the file is a link, no ordinary
    // file, not this user's own, or open to the writing of others.
    lock_result take(const std::string & path);

    // What the file holds from now on. False where nothing was taken.
    bool write(const std::string & content) const;

    // Removes the file, then lets go of it. False where it could not be removed.
    bool remove();

  private:
    void release();

    std::string path_;
    intptr_t    file_ = -1;  // a descriptor, or Windows' handle
};

// For others: what the file of a lock holds, at most 4096 bytes; empty where it fails as file_lock::take() does.
std::string read_lock(const std::string & path);
