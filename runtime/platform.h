#pragma once

// What differs between systems. Definitions in platform-posix.cpp, platform-linux.cpp, platform-macos.cpp and
// platform-win32.cpp. Paths and arguments are UTF-8 everywhere.

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

// Lets the console show UTF-8, for as long as this program runs.
void prepare_console();

// The program's arguments, the program's own name first.
std::vector<std::string> utf8_arguments(int argc, char ** argv);

// The value of an environment variable, empty where it is not set.
std::string environment(const char * name);

// The absolute path of the running executable, empty where the system does not tell.
std::string executable_path();

// Opens for reading in binary mode; null with errno set where that fails. Not handed on to child processes.
std::FILE * open_for_reading(const std::string & path);

// 64-bit positions on every system; false on failure. Offset in bytes from the start of the file.
bool seek_to(std::FILE * file, uint64_t offset);

// The file's size in bytes, or -1.
int64_t size_of(std::FILE * file);
