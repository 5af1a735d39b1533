#include "file-lock.h"
#include "wide-text.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

lock_result take_lock(const std::string & path) {
    const HANDLE file =
        CreateFileW(to_wide(path).c_str(), GENERIC_READ | GENERIC_WRITE,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_ALWAYS, 0, nullptr);
    if (file == INVALID_HANDLE_VALUE) {
        return lock_result::failed;
    }
    // a byte far behind the content: locked bytes can be read by nobody else
    OVERLAPPED place = {};
    place.OffsetHigh = 1;
    if (LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place)) {
        return lock_result::taken;  // `file` stays open: the lock lives as long as it
    }
    const DWORD error = GetLastError();
    CloseHandle(file);
    return error == ERROR_LOCK_VIOLATION || error == ERROR_IO_PENDING ? lock_result::held_by_another :
                                                                        lock_result::failed;
}
