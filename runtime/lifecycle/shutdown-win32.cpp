#include "base/exit-status.h"
#include "lifecycle/shutdown.h"
#include "upstream/hooks.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <atomic>
#include <cstdint>

static constexpr DWORD end_after_ms = 1000;

// Windows ends the process when this function returns, or after 5 seconds (documentation of HandlerRoutine). So it
// waits until the server has ended by itself.
static BOOL WINAPI on_console_event(DWORD event) {
    if (event == CTRL_C_EVENT) {
        return FALSE;  // llama.cpp's handler runs next, or the system's while the model is loading
    }
    mkexe::current().on_close();
    Sleep(2 * end_after_ms);
    return TRUE;
}

void watch_console() {
    SetConsoleCtrlHandler(on_console_event, TRUE);
}

// How often a forced end of the process was cancelled.
static std::atomic<LONG> cancelled = 0;

void cancel_end() {
    cancelled++;
}

void end_soon() {
    const HANDLE thread = CreateThread(
        nullptr, 0,
        [](void * before) -> DWORD {
            Sleep(end_after_ms);
            if (cancelled == LONG(intptr_t(before))) {
                TerminateProcess(GetCurrentProcess(), exit_good);
            }
            return 0;
        },
        reinterpret_cast<void *>(intptr_t(cancelled.load())), 0, nullptr);
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
