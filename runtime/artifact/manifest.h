#pragma once

// manifest.json: what an artifact contains and how it starts (docs/FORMAT.md, "Manifest").

#include "artifact/superblock.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

// A range of the artifact, or a whole file beside it, that contains one thing. Offset and size are in bytes.
struct stored_range {
    std::string   name;  // of the ZIP entry, or of the file beside; empty for a runtime that runs in place
    std::string   path;  // of the file that contains it
    uint64_t      offset;
    uint64_t      size;
    sha256_digest sha256;
    bool          is_beside    = false;
    sha256_digest begin_sha256 = {};  // of the first beside_begin_size bytes, only if is_beside
};

// Every start compares so many bytes of a file beside (docs/FORMAT.md, "Files beside").
constexpr uint64_t beside_begin_size = uint64_t(1) << 20;

struct bundled_model {
    std::string               role;  // "model", or "projector", which lets the model see or hear (llama.cpp's mmproj)
    std::string               name;
    std::string               architecture;
    std::string               license;
    std::vector<stored_range> parts;  // one, or the parts of a split GGUF in order
};

struct bundled_runtime {
    std::string  target;
    stored_range range;
    uint64_t     unpacked_size = 0;      // bytes of the executable
    bool         is_packed     = false;  // it is in the entry `pack`, one of `packs`, from byte `pack_skip`
    std::string  pack;
    uint64_t     pack_skip = 0;
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
    std::string                  text;  // the text of the manifest, unchanged
};

// Decodes and checks `text`. Every range must be in [head, block.manifest_offset) of the artifact at `path`.
result<manifest> read_manifest(const std::string & text, const superblock & block, const std::string & path);

// The projector, which lets the model see or hear; null if there is none.
const bundled_model * projector_of(const manifest & contents);

// The size of the weights in bytes: of one model, and of all models.
uint64_t model_bytes(const bundled_model & model);
uint64_t weight_bytes(const manifest & contents);

// Runtimes, packs, model parts and files, in no particular order.
std::vector<stored_range> all_ranges(const manifest & contents);
