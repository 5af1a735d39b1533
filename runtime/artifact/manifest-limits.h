#pragma once

// What docs/FORMAT.md allows a manifest to hold ("Manifest", "Files beside", "Names of entries").

#include "artifact/manifest.h"

#include <string>

constexpr size_t   runtimes_maximum     = 64;
constexpr uint64_t program_size_maximum = uint64_t(256) << 20;  // bytes of a runtime's executable
constexpr uint64_t small_files_maximum  = uint64_t(256) << 20;  // bytes of all of "files" together
constexpr size_t   name_size_maximum    = 1024;                 // bytes of an entry's name, or of a file's beside

// Whether a file's name, or that of a ZIP entry, can be one.
bool is_beside_name(const std::string & name);
bool is_entry_name(const std::string & name);

// Letters, digits and _ . - that do not begin with one of the last two.
bool is_target_name(const std::string & name);

// The begin of what stands in a manifest, for a message.
std::string shortened(const std::string & text, size_t max_bytes = 80);

// What is wrong with a manifest whose members are good one by one; empty where nothing is.
std::string problem_with_limits(const manifest & contents);
