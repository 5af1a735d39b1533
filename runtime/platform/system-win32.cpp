#define _CRT_RAND_S  // declares rand_s, the random numbers of the system
#include "platform/system.h"
#include "platform/utf16.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
// after windows.h
#include <conio.h>
#include <io.h>
#include <shellapi.h>

#include <cstdlib>

std::string to_utf8(const wchar_t * text) {
    const int   size = WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
    std::string utf8(size > 0 ? size : 1, '\0');
    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8.data(), size, nullptr, nullptr);
    utf8.pop_back();  // the terminating zero
    return utf8;
}

std::wstring to_wide(const std::string & text) {
    const int    size = MultiByteToWideChar(CP_UTF8, 0, text.c_str(), -1, nullptr, 0);
    std::wstring wide(size > 0 ? size : 1, L'\0');
    MultiByteToWideChar(CP_UTF8, 0, text.c_str(), -1, wide.data(), size);
    wide.pop_back();  // the terminating zero
    return wide;
}

static UINT console_code_page;

void prepare_console() {
    console_code_page = GetConsoleOutputCP();
    SetConsoleOutputCP(CP_UTF8);
    std::atexit([] { SetConsoleOutputCP(console_code_page); });
}

// The batch file (templates/launcher/head.cmd.j2) says whether its cmd.exe runs only this file.
bool console_is_own() {
    DWORD       processes[2];
    const DWORD count = GetConsoleProcessList(processes, 2);
    return count == 1 || (count == 2 && environment("MKEXE_OWN_CMD") == "1");
}

bool is_terminal(std::FILE * stream) {
    return _isatty(_fileno(stream)) != 0;
}

void keep_console_open() {
    if (console_is_own() && is_terminal(stdin)) {
        std::fprintf(stderr, "\nPress any key to close this window.\n");
        _getwch();
    }
}

static void (*interrupt_handler)();

void handle_interrupt(void (*handler)()) {
    interrupt_handler = handler;
    SetConsoleCtrlHandler(
        [](DWORD event) -> BOOL {
            if (event == CTRL_C_EVENT) {
                interrupt_handler();
            }
            return event == CTRL_C_EVENT;
        },
        TRUE);
}

// The console swallows the key of Ctrl-C, and ReadConsoleInput continues to wait. So send Enter, which ends the line.
void end_waiting_read() {
    INPUT_RECORD record                     = {};
    record.EventType                        = KEY_EVENT;
    record.Event.KeyEvent.bKeyDown          = TRUE;
    record.Event.KeyEvent.wRepeatCount      = 1;
    record.Event.KeyEvent.wVirtualKeyCode   = VK_RETURN;
    record.Event.KeyEvent.uChar.UnicodeChar = L'\r';
    DWORD count                             = 0;
    WriteConsoleInputW(GetStdHandle(STD_INPUT_HANDLE), &record, 1, &count);
}

void forget_waiting_read() {}

void keep_terminal_queues() {}

std::vector<std::string> utf8_arguments(int argc, char ** argv) {
    int      count = 0;
    LPWSTR * wide  = CommandLineToArgvW(GetCommandLineW(), &count);
    if (!wide) {
        return std::vector<std::string>(argv, argv + argc);
    }
    std::vector<std::string> arguments;
    for (int i = 0; i < count; i++) {
        arguments.push_back(to_utf8(wide[i]));
    }
    LocalFree(wide);
    return arguments;
}

std::string environment(const char * name) {
    const wchar_t * value = _wgetenv(to_wide(name).c_str());
    return value ? to_utf8(value) : "";
}

std::string executable_path() {
    std::wstring path(32768, L'\0');  // the longest path on Windows
    const DWORD  length = GetModuleFileNameW(nullptr, path.data(), DWORD(path.size()));
    return length > 0 && length < path.size() ? to_utf8(path.c_str()) : "";
}

void limit_memory(uint64_t) {}

std::FILE * open_for_reading(const std::string & path) {
    return _wfopen(to_wide(path).c_str(), L"rbN");
}

std::FILE * make_file(const std::string & path) {
    return _wfopen(to_wide(path).c_str(), L"wbN");
}

bool flush_to_disk(std::FILE * file) {
    return std::fflush(file) == 0 && _commit(_fileno(file)) == 0;
}

bool fill_with_random(unsigned char * bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned int number = 0;
        if (rand_s(&number) != 0) {
            return false;
        }
        bytes[i] = (unsigned char) number;
    }
    return true;
}

bool seek_to(std::FILE * file, uint64_t offset) {
    return _fseeki64(file, int64_t(offset), SEEK_SET) == 0;
}

int64_t size_of(std::FILE * file) {
    return _fseeki64(file, 0, SEEK_END) == 0 ? _ftelli64(file) : -1;
}
