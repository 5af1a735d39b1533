#include "platform/crash-words.h"
#include "platform/crash.h"
#include "platform/system.h"
#include "platform/utf16.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

static constexpr ULONG handler_bytes = 64 << 10;

static std::atomic<bool> speaking = false;
static DWORD             speaker  = 0;
static HANDLE            crashed  = nullptr;  // an event: the thread below shall write the message
static std::atomic<bool> reported = false;
static DWORD             reporter = 0;  // the thread below
static DWORD             code_at_end;
static uintptr_t         address_at_end;

const char * limit_hint() {
    return "";
}

const char * thread_problem() {
    return "";
}

const char * any_thread_problem() {
    return "";
}

bool size_of_path(const char * path, uint64_t & size) {
    WIN32_FILE_ATTRIBUTE_DATA facts;
    wchar_t                   wide[4096];
    if (MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096) == 0 ||
        !GetFileAttributesExW(wide, GetFileExInfoStandard, &facts)) {
        return false;
    }
    size = uint64_t(facts.nFileSizeHigh) << 32 | facts.nFileSizeLow;
    return true;
}

void begin_last_words() {
    if (!speaking.exchange(true)) {
        speaker = GetCurrentThreadId();
        return;
    }
    if (speaker == GetCurrentThreadId()) {
        TerminateProcess(GetCurrentProcess(), exit_crashed);
    }
    Sleep(INFINITE);
}

static void write_to(HANDLE file, const fixed_text & text) {
    DWORD count = 0;
    WriteFile(file, text.begin(), DWORD(text.size()), &count, nullptr);
}

static void write_to_log(const fixed_text & text) {
    wchar_t wide[4096];
    if (crash_log()[0] == '\0' || MultiByteToWideChar(CP_UTF8, 0, crash_log(), -1, wide, 4096) == 0) {
        return;
    }
    const HANDLE file =
        CreateFileW(wide, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_EXISTING, 0, nullptr);
    if (file != INVALID_HANDLE_VALUE) {
        write_to(file, text);
        CloseHandle(file);
    }
}

void end_with_words(const fixed_text & text, exit_status status) {
    write_to_log(text);
    write_to(GetStdHandle(STD_ERROR_HANDLE), text);
    keep_console_open();
    TerminateProcess(GetCurrentProcess(), status);
    std::abort();  // not reached
}

static void add_exception(fixed_text & cause) {
    switch (code_at_end) {
        case EXCEPTION_STACK_OVERFLOW:
            cause.add("the stack of a thread is full. The request nests too deeply.");
            return;
        case EXCEPTION_INT_DIVIDE_BY_ZERO:
            cause.add("an error in the program, an arithmetic error");
            break;
        case EXCEPTION_ILLEGAL_INSTRUCTION:
            cause.add("an error in the program, an instruction that this processor does not know");
            break;
        case EXCEPTION_ACCESS_VIOLATION:
            cause.add("an error in the program, an invalid access to memory");
            break;
        default:
            cause.add("an error in the program, exception ").add_address(code_at_end);
    }
    cause.add(" at ").add_address(address_at_end).add(".");
}

// A thread that waits for a crash. The crashed thread itself may have no stack left, or hold locks.
static DWORD WINAPI wait_for_crash(void *) {
    WaitForSingleObject(crashed, INFINITE);
    if (code_at_end == EXCEPTION_IN_PAGE_ERROR) {
        end_by_lost_file(true);
    }
    fixed_text cause;
    add_exception(cause);
    end_by_crash(cause.begin(), exit_crashed);
}

static LONG WINAPI on_exception(EXCEPTION_POINTERS * pointers) {
    if (GetCurrentThreadId() == reporter) {
        TerminateProcess(GetCurrentProcess(), exit_crashed);
    }
    if (reported.exchange(true)) {
        Sleep(INFINITE);
    }
    code_at_end    = pointers->ExceptionRecord->ExceptionCode;
    address_at_end = reinterpret_cast<uintptr_t>(pointers->ExceptionRecord->ExceptionAddress);
    SetEvent(crashed);
    Sleep(INFINITE);
    return EXCEPTION_EXECUTE_HANDLER;
}

static void on_abort(int) {
    end_by_crash("an error in the program: it stopped itself (abort).", exit_crashed);
}

static void on_wrong_parameter(const wchar_t *, const wchar_t *, const wchar_t *, unsigned, uintptr_t) {
    end_by_crash("an error in the program, a wrong parameter of the C library.", exit_crashed);
}

void watch_system_crashes() {
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    crashed             = CreateEventW(nullptr, TRUE, FALSE, nullptr);
    const HANDLE thread = CreateThread(nullptr, 0, wait_for_crash, nullptr, 0, &reporter);
    if (thread) {
        CloseHandle(thread);
        SetUnhandledExceptionFilter(on_exception);
    }
    std::signal(SIGABRT, on_abort);
    _set_invalid_parameter_handler(on_wrong_parameter);
}

// Windows calls this for every new thread, and for the main thread (PE format, "The .tls Section"). It reserves stack
// for the filter above, which runs on the stack of the crashed thread.
static void NTAPI on_thread(void *, DWORD reason, void *) {
    if (reason == DLL_PROCESS_ATTACH || reason == DLL_THREAD_ATTACH) {
        ULONG bytes = handler_bytes;
        SetThreadStackGuarantee(&bytes);
    }
}

extern "C" __attribute__((used, section(".CRT$XLF"))) const PIMAGE_TLS_CALLBACK mkexe_on_thread = on_thread;
