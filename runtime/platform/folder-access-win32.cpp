#include "platform/folder-access.h"
#include "platform/utf16.h"

#include <windows.h>

#include <filesystem>
#include <system_error>

// Opens a handle with the right to add files: Windows then checks the access list of the folder. ERROR_SUCCESS: files
// can be added.
static DWORD problem_of_adding_to(const std::filesystem::path & folder, DWORD right) {
    const DWORD  share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    const HANDLE handle =
        CreateFileW(folder.c_str(), right, share, nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr);
    if (handle == INVALID_HANDLE_VALUE) {
        return GetLastError();
    }
    CloseHandle(handle);
    const DWORD attributes = GetFileAttributesW(folder.c_str());
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? ERROR_SUCCESS :
                                                                                                   ERROR_DIRECTORY;
}

static std::string problem_with(const std::filesystem::path & path, DWORD error) {
    return path.u8string() + ": " + std::error_code(int(error), std::system_category()).message();
}

std::string problem_of_writing_in(const std::string & folder) {
    std::filesystem::path path  = to_wide(folder);
    DWORD                 right = FILE_ADD_FILE;
    while (!path.empty()) {
        const DWORD error = problem_of_adding_to(path, right);
        if (error == ERROR_SUCCESS) {
            return "";
        }
        if (error != ERROR_FILE_NOT_FOUND && error != ERROR_PATH_NOT_FOUND) {
            return problem_with(path, error);
        }
        const auto parent = path.parent_path();
        path              = parent == path ? std::filesystem::path() : parent;
        right             = FILE_ADD_SUBDIRECTORY;
    }
    return problem_with(to_wide(folder), ERROR_PATH_NOT_FOUND);
}
