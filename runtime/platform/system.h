#pragma once

// What differs between systems. Definitions in system-posix.cpp, system-linux.cpp, system-macos.cpp and
// system-win32.cpp. Paths and arguments are UTF-8 everywhere.

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

// Whether the console is there for this program alone and goes with it, as after a double click on Windows.
bool console_is_own();

bool is_terminal(std::FILE * stream);

// Waits for a key, where the console is this program's own: else its last words could not be read.
void keep_console_open();

// Lets the console show UTF-8, for as long as this program runs.
void prepare_console();

// Calls `handler`, which may only do what signal handlers may, when Ctrl-C is pressed.
void handle_interrupt(void (*handler)());

// Ends a read of the terminal that waits, or is just about to; for such a handler.
void end_waiting_read();

// No read waits any more that end_waiting_read() was to end.
void forget_waiting_read();

// Lets Ctrl-C throw nothing away of what was typed or written to the terminal but not read or shown yet.
void keep_terminal_queues();

// The program's arguments, the program's own name first.
std::vector<std::string> utf8_arguments(int argc, char ** argv);

// The value of an environment variable, empty where it is not set.
std::string environment(const char * name);

// The absolute path of the running executable, empty where the system does not tell.
std::string executable_path();

// Lets allocations fail where this process would have more than `bytes` of memory; without effect on Windows.
void limit_memory(uint64_t bytes);

// Opens an ordinary file for reading in binary mode; null with errno set where that fails, EINVAL where it is another kind
// of file, such as a pipe, which is not waited for. Not handed on to child processes.
std::FILE * open_for_reading(const std::string & path);

// Makes a file for writing in binary mode, readable by this user alone, in the place of one that is there, or of a link;
// null with errno set where that fails. Not handed on to child processes.
std::FILE * make_file(const std::string & path);

// Hands everything written to the disk; false with errno set where that fails.
bool flush_to_disk(std::FILE * file);

// `size` bytes, at most 256, from the system's source of random numbers; false where there is none.
bool fill_with_random(unsigned char * bytes, size_t size);

// 64-bit positions on every system; false on failure. Offset in bytes from the start of the file.
bool seek_to(std::FILE * file, uint64_t offset);

// The file's size in bytes, or -1.
int64_t size_of(std::FILE * file);
