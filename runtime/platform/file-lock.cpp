#include "platform/file-lock.h"

#include <utility>

file_lock::~file_lock() {
    release();
}

file_lock::file_lock(file_lock && other) noexcept :
    path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

file_lock & file_lock::operator=(file_lock && other) noexcept {
    std::swap(path_, other.path_);
    std::swap(file_, other.file_);
    return *this;
}
