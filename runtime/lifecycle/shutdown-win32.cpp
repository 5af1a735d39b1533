#include "base/exit-status.h"
#include "lifecycle/shutdown.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

static constexpr DWORD end_after_ms = 1000;

// Windows ends the process when this returns, or after 5 seconds (HandlerRoutine's documentation): so long it waits for
// the server to end by itself.
static BOOL WINAPI on_console_event(DWORD event) {
    if (event == CTRL_C_EVENT) {
        return FALSE;  // upstream's handler, or the system's while the model is loaded
    }
    request_stop();
    Sleep(2 * end_after_ms);
    return TRUE;
}

void watch_console() {
    SetConsoleCtrlHandler(on_console_event, TRUE);
}

void end_soon() {
    const HANDLE thread = CreateThread(
        nullptr, 0,
        [](void *) -> DWORD {
            Sleep(end_after_ms);
            TerminateProcess(GetCurrentProcess(), exit_good);
            return 0;
        },
        nullptr, 0, nullptr);
    if (thread) {
        CloseHandle(thread);
    }
}

void wait_for_end_of_input() {
    const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    char         ignored[4096];
    DWORD        count = 0;
    while (ReadFile(input, ignored, sizeof(ignored), &count, nullptr) && count > 0) {
    }
}
