#pragma once

// The folders in which the launcher's head stores programs (docs/FORMAT.md, "Head"), and which of these run.
// Definitions in program-folders-posix.cpp, -linux.cpp, -macos.cpp and -win32.cpp.

#include <string>
#include <vector>

// All folders that the head tries; they need not exist.
std::vector<std::string> program_folders();

// Whether `name`, in such a folder, is the name of a stored program, or of a program that a start has not finished
// writing.
bool is_stored_program(const std::string & name);
bool is_unfinished_program(const std::string & name);

// Whether the start that was writing this file has ended. `path` ends in the name of an unfinished program.
bool is_abandoned(const std::string & path);

// The programs of running processes that this user can see. Empty on Windows, which does not remove such files.
std::vector<std::string> running_programs();
