#pragma once

// The file that holds everything: this program's own file, or the one that the launcher's head names.

#include "artifact/manifest.h"
#include "base/result.h"

#include <string>

// What paths inside the artifact begin with, as llama.cpp's options and loaders see them.
constexpr const char * artifact_path_prefix = "mkexe:/";

struct artifact {
    std::string path;
    uint64_t    size;  // bytes, appended signature included
    superblock  block;
    manifest    contents;
};

// The artifact's path: this executable where it is one itself, else the one in its macOS bundle, else what
// MKEXE_ARTIFACT names.
std::string find_artifact();

// Opens and checks superblock, manifest and every bound. A message names the file; the status is exit_damaged where its
// content is wrong, else exit_failed.
result<artifact> open_artifact(const std::string & path);

// What is wrong with the weights that lie beside the artifact, so far as a start may look; empty where nothing is.
std::string problem_beside(const artifact & source);

// The bytes of one range, checked against its hash.
result<std::string> read_range(const stored_range & range);

// The range of the entry with this name, or null.
const stored_range * find_entry(const artifact & source, const std::string & name);
