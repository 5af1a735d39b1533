#pragma once

// Functions that differ between systems. Definitions in system-posix.cpp, system-linux.cpp, system-macos.cpp and
// system-win32.cpp. Paths and arguments are UTF-8 everywhere.

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

// Whether the console belongs only to this program and closes with it, for example after a double click on Windows.
bool console_is_own();

bool is_terminal(std::FILE * stream);

// Waits for a key if the console belongs only to this program. Otherwise nobody could read the last message.
void keep_console_open();

// Lets the console show UTF-8 as long as this program runs.
void prepare_console();

// Calls `handler` after Ctrl-C. It may do only what signal handlers may do.
void handle_interrupt(void (*handler)());

// Ends a read of the terminal that waits or is about to wait. For such a handler.
void end_waiting_read();

// Takes back end_waiting_read(), if no read waits any more.
void forget_waiting_read();

// Makes Ctrl-C keep text that was typed but not read yet, and output that is not shown yet.
void keep_terminal_queues();

// The arguments of the program; the first one is its name.
std::vector<std::string> utf8_arguments(int argc, char ** argv);

// The value of an environment variable; empty if it is not set.
std::string environment(const char * name);

// The absolute path of the running executable; empty if the system does not tell.
std::string executable_path();

// Makes allocations fail above `bytes` of memory for this process. Does nothing on Windows.
void limit_memory(uint64_t bytes);

// Opens an ordinary file for reading, in binary mode. Returns null and sets errno on failure: EINVAL for another kind
// of file, such as a pipe; it does not wait for one. Child processes do not inherit it.
std::FILE * open_for_reading(const std::string & path);

// Makes a file for writing, in binary mode, readable only by this user. Replaces a file or a link of that name. Returns
// null and sets errno on failure. Child processes do not inherit it.
std::FILE * make_file(const std::string & path);

// Writes everything to the disk. Returns false and sets errno on failure.
bool flush_to_disk(std::FILE * file);

// Fills `bytes` with `size` random bytes (at most 256) from the system. Returns false if it has none.
bool fill_with_random(unsigned char * bytes, size_t size);

// Moves to an offset in bytes from the start of the file, with 64 bits on every system. Returns false on failure.
bool seek_to(std::FILE * file, uint64_t offset);

// The size of the file in bytes, or -1.
int64_t size_of(std::FILE * file);
