#pragma once

// Reads files of the user, and writes them completely or not at all. Paths are UTF-8.

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

enum class write_problem { none, disk_full, not_written };

struct write_result {
    write_problem problem = write_problem::none;
    std::string   message;  // a sentence with the name of the file and the system's reason
};

// `path` with the separators of this system.
std::string native_path(const std::string & path);

// The name of a file: the part of `path` after the last separator.
std::string file_name(const std::string & path);

// The path of the file `name` in the folder of `path`.
std::string path_in_same_folder(const std::string & path, const std::string & name);

// The path of the file `name` in the folder of `path`. If `path` is a link, and there is no such file beside it, the
// path in the folder that the link leads to.
std::string path_beside(const std::string & path, const std::string & name);

// Makes the folder and the folders above it, readable only by this user.
write_result make_folder(const std::string & path);

// Writes a new file beside `path` and renames it, so that a reader sees either the old or the new content. Refuses to
// replace anything but an ordinary file.
write_result write_file(const std::string & path, const std::string & content);

// Whether anything has this name: a file, a folder, or even a broken link.
bool is_there(const std::string & path);

// Makes an empty file, in place of a file or link with this name. Returns false on failure.
bool make_empty_file(const std::string & path);

// Why open_for_reading() has just failed (from errno).
std::string reading_problem();

// A file of more than `max_bytes` is not read.
result<std::string> read_file(const std::string & path, uint64_t max_bytes = UINT64_MAX);

// Returns false if the file cannot be removed. A missing file counts as removed.
bool remove_file(const std::string & path);

// A text that changes when the file changes: its size and the time of its last change. Empty if there is no file.
std::string file_stamp(const std::string & path);

// The names (not paths) of the files in a folder that end in `suffix`, in no particular order.
std::vector<std::string> list_files(const std::string & folder, const std::string & suffix);
