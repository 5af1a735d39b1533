#pragma once

// Files of the user's: read, and written whole or not at all. Paths are UTF-8.

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

enum class write_problem { none, disk_full, not_written };

struct write_result {
    write_problem problem = write_problem::none;
    std::string   message;  // a sentence that names the file and the system's reason
};

// With the separators that people of this system expect to see.
std::string native_path(const std::string & path);

// What stands behind a path's last separator: the file's name.
std::string file_name(const std::string & path);

// The path of the file `name` in the folder of `path`.
std::string path_in_same_folder(const std::string & path, const std::string & name);

// The path of the file `name` in the folder of `path`; where that is a link to a file and there is none beside the link,
// in the folder that it leads to.
std::string path_beside(const std::string & path, const std::string & name);

// Makes the folder and those above it, for this user alone.
write_result make_folder(const std::string & path);

// Writes beside `path` and renames, so that a reader sees the old content or the new. What is not an ordinary file, such as a
// device, is left as it is.
write_result write_file(const std::string & path, const std::string & content);

// Whether anything has this name: a file, a folder, a link to nothing.
bool is_there(const std::string & path);

// An empty file in the place of whatever file or link is there; false where there can be none.
bool make_empty_file(const std::string & path);

// Why open_for_reading() has just failed, from errno.
std::string reading_problem();

// A file of more than `max_bytes` is not read.
result<std::string> read_file(const std::string & path, uint64_t max_bytes = UINT64_MAX);

// False where it cannot be removed; a file that is not there counts as removed.
bool remove_file(const std::string & path);

// Another text whenever the file is another one: its size and its last change; empty where there is none.
std::string file_stamp(const std::string & path);

// Names (not paths) of the files in a folder that end in `suffix`, in no particular order; empty where there is none.
std::vector<std::string> list_files(const std::string & folder, const std::string & suffix);
