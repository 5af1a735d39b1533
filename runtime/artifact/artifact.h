#pragma once

// The file that contains everything: this program's own file, or the file that the launcher's head names.

#include "artifact/manifest.h"
#include "base/result.h"

#include <string>

// The prefix of paths inside the artifact, in llama.cpp's options and loaders.
constexpr const char * artifact_path_prefix = "mkexe:/";

struct artifact {
    std::string path;
    uint64_t    size;  // bytes, with an appended signature
    superblock  block;
    manifest    contents;
};

// The path of the artifact: this executable if it is an artifact, else the artifact in its macOS bundle, else the file
// that MKEXE_ARTIFACT names.
std::string find_artifact();

// Opens the file, and checks the superblock, the manifest and every bound. The message of a failure names the file. Its
// status is exit_damaged if the content is wrong, else exit_failed.
result<artifact> open_artifact(const std::string & path);

// What is wrong with the weights beside the artifact, as far as a start checks them; empty if nothing is.
std::string problem_beside(const artifact & source);

// Reads one range and checks its hash.
result<std::string> read_range(const stored_range & range);

// The range of the entry with this name, or null.
const stored_range * find_entry(const artifact & source, const std::string & name);
