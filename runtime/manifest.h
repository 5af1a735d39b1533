#pragma once

// manifest.json: what an artifact holds and how it starts (docs/FORMAT.md, "Manifest").

#include "outcome.h"
#include "superblock.h"

#include <cstdint>
#include <string>
#include <vector>

// A range of the artifact that holds one thing. Offset and size in bytes.
struct stored_range {
    std::string   name;  // of the ZIP entry; empty for the Windows runtime of layout exe, which is none
    uint64_t      offset;
    uint64_t      size;
    sha256_digest sha256;
};

struct bundled_model {
    std::string               role;  // "model"
    std::string               name;
    std::string               architecture;
    std::string               license;
    std::vector<stored_range> parts;  // one, or the parts of a split GGUF in order
};

struct bundled_runtime {
    std::string  target;
    stored_range range;
};

struct manifest {
    std::string                  name;
    std::string                  title;
    std::string                  system_prompt;
    std::string                  created;
    std::string                  generator;
    std::vector<std::string>     default_args;
    std::vector<bundled_runtime> runtimes;
    std::vector<stored_range>    packs;  // the Unix runtimes, packed
    std::vector<bundled_model>   models;
    std::vector<stored_range>    files;
    std::string                  text;  // the manifest as it is stored
};

// Decodes and checks `text`. Every range must lie in [head, block.manifest_offset) of the artifact.
outcome<manifest> read_manifest(const std::string & text, const superblock & block);

// The weights' size in bytes: one model's, and all models'.
uint64_t model_bytes(const bundled_model & model);
uint64_t weight_bytes(const manifest & contents);

// Runtimes, packs, model parts and files, in no particular order.
std::vector<stored_range> all_ranges(const manifest & contents);
