#include "platform/file-lock.h"
#include "platform/utf16.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

void file_lock::release() {
    if (file_ != -1) {
        CloseHandle(HANDLE(file_));
    }
    file_ = -1;
}

lock_result file_lock::take(const std::string & path) {
    const HANDLE file =
        CreateFileW(to_wide(path).c_str(), GENERIC_READ | GENERIC_WRITE,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_ALWAYS, 0, nullptr);
    if (file == INVALID_HANDLE_VALUE) {
        return lock_result::failed;
    }
    // a byte far after the content, because others cannot read locked bytes
    OVERLAPPED place = {};
    place.OffsetHigh = 1;
    if (LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place)) {
        release();
        path_ = path;
        file_ = intptr_t(file);
        return lock_result::taken;
    }
    const DWORD error = GetLastError();
    CloseHandle(file);
    return error == ERROR_LOCK_VIOLATION || error == ERROR_IO_PENDING ? lock_result::held_by_another :
                                                                        lock_result::failed;
}

static bool write_at_start(HANDLE file, const std::string & content) {
    LARGE_INTEGER start = {};
    DWORD         count = 0;
    return SetFilePointerEx(file, start, nullptr, FILE_BEGIN) && SetEndOfFile(file) &&
           WriteFile(file, content.data(), DWORD(content.size()), &count, nullptr) && count == content.size();
}

bool file_lock::write(const std::string & content) const {
    return file_ != -1 && write_at_start(HANDLE(file_), content);
}

std::string read_lock(const std::string & path) {
    const HANDLE file =
        CreateFileW(to_wide(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    nullptr, OPEN_EXISTING, 0, nullptr);
    if (file == INVALID_HANDLE_VALUE) {
        return "";
    }
    char       content[4096];
    DWORD      size = 0;
    const bool read = ReadFile(file, content, sizeof(content), &size, nullptr);
    CloseHandle(file);
    return read ? std::string(content, size) : "";
}

bool file_lock::remove() {
    const bool removed = file_ != -1 && DeleteFileW(to_wide(path_).c_str());
    release();
    return removed;
}
