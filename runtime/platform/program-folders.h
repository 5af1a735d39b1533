#pragma once

// Where the launcher's head stores the programs that it starts (docs/FORMAT.md, "Head"), and which of them run.
// Definitions in program-folders-posix.cpp, -linux.cpp, -macos.cpp and -win32.cpp.

#include <string>
#include <vector>

// The folders that the head tries, those that are there or not.
std::vector<std::string> program_folders();

// Whether `name`, in such a folder, is that of a stored program, or of one that a start is writing, or was when it ended.
bool is_stored_program(const std::string & name);
bool is_unfinished_program(const std::string & name);

// Whether the start that writes this is over; `path` ends in such a name.
bool is_abandoned(const std::string & path);

// The programs of running processes, as far as this user may know them. None on Windows, which removes no such file.
std::vector<std::string> running_programs();
