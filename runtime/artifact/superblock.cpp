#include "artifact/superblock.h"

#include <algorithm>
#include <cstring>
#include <vector>

static const uint8_t magic[8] = { 'M', 'K', 'E', 'X', 'E', 0x1a, '\n', 0 };

// offsets in the superblock, in bytes
enum : size_t {
    at_major            = 8,
    at_minor            = 10,
    at_required         = 12,
    at_manifest_offset  = 16,
    at_manifest_size    = 24,
    at_manifest_sha256  = 32,
    at_directory_offset = 64,
    at_artifact_size    = 72,
    at_head_sha256      = 80,
    at_checksum         = 112,
    checksum_size       = 16,
};

// byte order: little-endian, on every target of a runtime
template <typename T> static T load(const uint8_t * bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
}

static sha256_digest load_digest(const uint8_t * bytes) {
    sha256_digest digest;
    std::memcpy(digest.data(), bytes, digest.size());
    return digest;
}

static std::string at(uint64_t offset) {
    return " at offset " + std::to_string(offset);
}

static std::vector<uint64_t> magic_positions(const uint8_t * head, size_t head_size) {
    std::vector<uint64_t> found;
    for (size_t i = 0; i + superblock_size <= head_size; i += superblock_alignment) {
        if (std::memcmp(head + i, magic, sizeof(magic)) == 0) {
            found.push_back(i);
        }
    }
    return found;
}

bool has_superblock(const uint8_t * head, size_t head_size) {
    return !magic_positions(head, head_size).empty();
}

static result<uint64_t> find_superblock(const uint8_t * head, size_t head_size) {
    const auto found = magic_positions(head, head_size);
    if (found.size() != 1) {
        return failure{ "expected one superblock in the first " + std::to_string(artifact_head_size) +
                        " bytes, found " + std::to_string(found.size()) };
    }
    return found[0];
}

static std::string check_bounds(const superblock & block, uint64_t file_size) {
    if (block.artifact_size > file_size) {
        return "the file is cut off: expected " + std::to_string(block.artifact_size) + " bytes, found " +
               std::to_string(file_size);
    }
    if (block.manifest_size > manifest_size_maximum) {
        return "the manifest's size" + at(block.position + at_manifest_size) + " is " +
               std::to_string(block.manifest_size) + ", expected at most " + std::to_string(manifest_size_maximum);
    }
    if (block.manifest_offset < artifact_head_size || block.directory_offset > block.artifact_size ||
        block.manifest_offset > block.directory_offset ||
        block.manifest_size > block.directory_offset - block.manifest_offset) {
        return "the manifest" + at(block.manifest_offset) + " (" + std::to_string(block.manifest_size) +
               " bytes) must lie between the head (" + std::to_string(artifact_head_size) +
               ") and the central directory (" + std::to_string(block.directory_offset) + ")";
    }
    return "";
}

result<superblock> read_superblock(const uint8_t * head, size_t head_size, uint64_t file_size) {
    const auto position = find_superblock(head, head_size);
    if (!position) {
        return failure{ position.message() };
    }
    const uint64_t  base  = position.value();
    const uint8_t * bytes = head + base;
    const auto      sum   = sha256(bytes, at_checksum);
    if (std::memcmp(sum.data(), bytes + at_checksum, checksum_size) != 0) {
        const auto found = to_hex(load_digest(bytes + at_checksum - checksum_size)).substr(2 * checksum_size);
        return failure{ "the superblock's checksum" + at(base + at_checksum) + " does not match: expected " +
                        to_hex(sum).substr(0, 2 * checksum_size) + ", found " + found };
    }
    if (load<uint16_t>(bytes + at_major) != format_major) {
        return failure{ "the format version" + at(base + at_major) + " is " +
                        std::to_string(load<uint16_t>(bytes + at_major)) + ", this program reads version " +
                        std::to_string(format_major) };
    }
    if (const auto required = load<uint32_t>(bytes + at_required); required != 0) {
        return failure{ "the required features" + at(base + at_required) + " hold " + std::to_string(required) +
                        ", but this program knows none" };
    }
    const superblock block = {
        base,
        load<uint64_t>(bytes + at_manifest_offset),
        load<uint64_t>(bytes + at_manifest_size),
        load_digest(bytes + at_manifest_sha256),
        load<uint64_t>(bytes + at_directory_offset),
        load<uint64_t>(bytes + at_artifact_size),
        load_digest(bytes + at_head_sha256),
    };
    if (const auto problem = check_bounds(block, file_size); !problem.empty()) {
        return failure{ problem };
    }
    if (const auto found = hash_head(head, base); found != block.head_sha256) {
        return failure{ "the head (offset 0 to " + std::to_string(artifact_head_size) + ") is damaged: expected " +
                        to_hex(block.head_sha256) + ", found " + to_hex(found) };
    }
    return block;
}

// PE/COFF specification: e_lfanew is at 0x3c. The optional header starts 24 bytes after the signature. It has CheckSum
// at 64 and, in PE32+, the directory entry of the certificate table at 112 + 4 * 8.
static void zero_what_signing_changes(std::vector<uint8_t> & head) {
    if (head[0] != 'M' || head[1] != 'Z') {
        return;
    }
    const uint32_t signature = load<uint32_t>(head.data() + 0x3c);
    if (signature > head.size() - 24 - 152 || std::memcmp(head.data() + signature, "PE\0\0", 4) != 0) {
        return;
    }
    uint8_t * optional_header = head.data() + signature + 24;
    std::fill_n(optional_header + 64, 4, 0);
    std::fill_n(optional_header + 144, 8, 0);
}

sha256_digest hash_head(const uint8_t * head, uint64_t superblock_position) {
    std::vector<uint8_t> copy(head, head + artifact_head_size);
    std::fill_n(copy.begin() + superblock_position, superblock_size, 0);
    zero_what_signing_changes(copy);
    return sha256(copy.data(), copy.size());
}
