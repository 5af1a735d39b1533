#pragma once

// A lock that the system releases when its process ends, in whatever way, and a text that its holder publishes.
// What differs between systems is defined in file-lock-posix.cpp and file-lock-win32.cpp.

#include <cstdint>
#include <string>

enum class lock_result { taken, held_by_another, failed };

class file_lock {
  public:
    file_lock() = default;
    ~file_lock();
    file_lock(file_lock && other) noexcept;
    file_lock & operator=(file_lock && other) noexcept;

    // Locks the file `path`, and makes it if it is missing. Fails if it is a link or not an ordinary file, if it
    // belongs to another user, or if others can write to it.
    lock_result take(const std::string & path);

    // Replaces the content of the file. Returns false if the lock is not held.
    bool write(const std::string & content) const;

    // Removes the file, then releases the lock. Returns false if the file could not be removed.
    bool remove();

  private:
    void release();

    std::string path_;
    intptr_t    file_ = -1;  // a descriptor, or a handle on Windows
};

// For other processes: the content of a lock's file, at most 4096 bytes. Empty if file_lock::take() would fail.
std::string read_lock(const std::string & path);
