#pragma once

// The limits of docs/FORMAT.md for a manifest ("Manifest", "Files beside", "Names of entries").

#include "artifact/manifest.h"

#include <string>

constexpr size_t   runtimes_maximum     = 64;
constexpr uint64_t program_size_maximum = uint64_t(256) << 20;  // bytes of a runtime's executable
constexpr uint64_t small_files_maximum  = uint64_t(256) << 20;  // bytes of all "files" together
constexpr size_t   name_size_maximum    = 1024;                 // bytes in the name of an entry or of a file beside

// Whether this can be the name of a file, or of a ZIP entry.
bool is_beside_name(const std::string & name);
bool is_entry_name(const std::string & name);

// Whether this has only letters, digits, "_", "." and "-", and does not begin with "." or "-".
bool is_target_name(const std::string & name);

// The beginning of a text from a manifest, for a message.
std::string shortened(const std::string & text, size_t max_bytes = 80);

// What is wrong with a manifest whose members are valid one by one; empty if nothing is.
std::string problem_with_limits(const manifest & contents);
