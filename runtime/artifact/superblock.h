#pragma once

// The 128 bytes in the first 4 KiB of an artifact that lead to everything else (docs/FORMAT.md, "Superblock").

#include "base/digest.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>

constexpr size_t   artifact_head_size    = 4096;  // bytes
constexpr size_t   superblock_size       = 128;   // bytes
constexpr size_t   superblock_alignment  = 16;    // bytes
constexpr uint16_t format_major          = 1;
constexpr uint64_t manifest_size_maximum = 16 * 1024 * 1024;  // bytes

struct superblock {
    uint64_t      position;  // of the superblock itself; all offsets are bytes from the start of the file
    uint64_t      manifest_offset;
    uint64_t      manifest_size;
    sha256_digest manifest_sha256;
    uint64_t      directory_offset;  // the ZIP central directory
    uint64_t      artifact_size;     // without later additions, such as a signature
    sha256_digest head_sha256;
};

// Whether a file that begins with these bytes is an artifact: artifact_head_size bytes, or fewer if the file is
// shorter.
bool has_superblock(const uint8_t * head, size_t head_size);

// Finds and checks the superblock. `head` has the first artifact_head_size bytes of the file (fewer if it is shorter).
// `file_size` is the size of the whole file in bytes.
result<superblock> read_superblock(const uint8_t * head, size_t head_size, uint64_t file_size);

// SHA-256 of the head; bytes that are written later count as zero (docs/FORMAT.md, "Head hash").
sha256_digest hash_head(const uint8_t * head, uint64_t superblock_position);
