#include "folder-access.h"
#include "wide-text.h"

#include <windows.h>

#include <filesystem>

enum class access_answer { yes, no, not_there };

// Windows asks the folder's access list when a handle is wanted that may add to it.
static access_answer may_add(const std::filesystem::path & folder, DWORD right) {
    const DWORD  share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    const HANDLE handle =
        CreateFileW(folder.c_str(), right, share, nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr);
    if (handle == INVALID_HANDLE_VALUE) {
        const DWORD error = GetLastError();
        return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ? access_answer::not_there :
                                                                                access_answer::no;
    }
    CloseHandle(handle);
    const DWORD attributes = GetFileAttributesW(folder.c_str());
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? access_answer::yes :
                                                                                                   access_answer::no;
}

bool may_write_in(const std::string & folder) {
    std::filesystem::path path  = to_wide(folder);
    DWORD                 right = FILE_ADD_FILE;
    while (!path.empty()) {
        const auto answer = may_add(path, right);
        if (answer != access_answer::not_there) {
            return answer == access_answer::yes;
        }
        const auto parent = path.parent_path();
        path              = parent == path ? std::filesystem::path() : parent;
        right             = FILE_ADD_SUBDIRECTORY;
    }
    return false;
}
