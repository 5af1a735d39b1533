#include "platform/status-channel.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <cstdlib>

static bool is_stream(long long number) {
    return number == 1 || number == 2;
}

// 1 and 2 are standard output and standard error, as on other systems. No handle has these numbers.
static HANDLE handle_of(long long number) {
    return is_stream(number) ? GetStdHandle(number == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE) : HANDLE(number);
}

status_channel::~status_channel() {
    if (number_ >= 0 && !is_stream(number_)) {
        CloseHandle(handle_of(number_));
    }
}

bool status_channel::open(const std::string & number) {
    if (number.empty() || number.size() > 18 || number.find_first_not_of("0123456789") != std::string::npos) {
        return false;
    }
    const long long handle = std::atoll(number.c_str());
    if (handle == 0 || GetFileType(handle_of(handle)) == FILE_TYPE_UNKNOWN) {
        return false;
    }
    if (!is_stream(handle)) {
        SetHandleInformation(handle_of(handle), HANDLE_FLAG_INHERIT, 0);
    }
    number_ = handle;
    return true;
}

void status_channel::write(std::string_view lines) const {
    DWORD count = 0;
    if (number_ >= 0) {
        WriteFile(handle_of(number_), lines.data(), DWORD(lines.size()), &count, nullptr);
    }
}

supervisor::supervisor() = default;

void supervisor::notify(std::string_view) const {}
