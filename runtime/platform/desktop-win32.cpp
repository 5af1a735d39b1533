#include "platform/desktop.h"
#include "platform/system.h"
#include "platform/utf16.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
// after windows.h
#include <objbase.h>
#include <shellapi.h>

// A service's window station is not visible (SERVICE_INTERACTIVE_PROCESS, "Interactive Services" in Windows' docs).
static bool is_visible() {
    USEROBJECTFLAGS flags = {};
    return GetUserObjectInformationW(GetProcessWindowStation(), UOI_FLAGS, &flags, sizeof(flags), nullptr) &&
           (flags.dwFlags & WSF_VISIBLE);
}

std::string why_no_browser() {
    if (!environment("SSH_CONNECTION").empty()) {
        return "this is an SSH session";
    }
    return is_visible() ? "" : "there is no desktop here";
}

bool open_browser(const std::string & address) {
    const HRESULT com = CoInitializeEx(nullptr, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    const auto    status =
        INT_PTR(ShellExecuteW(nullptr, L"open", to_wide(address).c_str(), nullptr, nullptr, SW_SHOWNORMAL));
    if (SUCCEEDED(com)) {
        CoUninitialize();
    }
    return status > 32;  // ShellExecuteW's documentation
}
