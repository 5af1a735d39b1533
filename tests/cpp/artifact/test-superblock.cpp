#include "artifact/superblock.h"
#include "support/sample.h"

#include <doctest.h>

#include <algorithm>
#include <vector>

static result<superblock> read(const std::string & bytes) {
    // a copy of exactly this size, so that a reader that goes past its end does not find bytes of the file
    const std::vector<uint8_t> head(bytes.begin(), bytes.begin() + std::min<size_t>(bytes.size(), 4096));
    return read_superblock(head.data(), head.size(), bytes.size());
}

static std::string refusal(const std::string & bytes) {
    const auto block = read(bytes);
    return block ? "accepted" : block.message();
}

static std::string with_field(size_t at, size_t size, uint64_t number) {
    std::string bytes = sample_artifact();
    store(bytes, sample_superblock + at, size, number);
    seal(bytes);
    return bytes;
}

TEST_CASE("a valid superblock gives the fields of the format page") {
    const auto bytes    = sample_artifact();
    const auto manifest = sample_document().dump();
    const auto block    = read(bytes);
    REQUIRE_MESSAGE(block, block.message());
    CHECK(block.value().position == sample_superblock);
    CHECK(block.value().manifest_offset == sample_manifest);
    CHECK(block.value().manifest_size == manifest.size());
    CHECK(block.value().manifest_sha256 == sha256(manifest.data(), manifest.size()));
    CHECK(block.value().directory_offset == sample_manifest + manifest.size());
    CHECK(block.value().artifact_size == bytes.size());
    const auto head_hash = block.value().head_sha256;
    CHECK(std::equal(head_hash.begin(), head_hash.end(), bytes.begin() + sample_superblock + 80,
                     [](uint8_t a, char b) { return a == uint8_t(b); }));
}

TEST_CASE("what the reader ignores may change") {
    CHECK(refusal(sample_artifact() + "a signature") == "accepted");
    CHECK(refusal(with_field(10, 2, 7)) == "accepted");  // minor version
    auto bytes = sample_artifact();
    bytes.replace(sample_unpacker, 3, "???");
    CHECK(refusal(bytes) == "accepted");
}

TEST_CASE("a superblock is missing, twice, or out of place") {
    const std::string expected = "expected one superblock in the first 4096 bytes, found ";
    CHECK(refusal("") == expected + "0");
    CHECK(refusal(sample_artifact().substr(0, sample_superblock + 127)) == expected + "0");

    auto moved = sample_artifact();
    moved.insert(sample_superblock, "\n\n\n\n\n\n\n\n");
    CHECK(refusal(moved) == expected + "0");

    auto twice = sample_artifact();
    twice.replace(4096 - 128, 128, twice, sample_superblock, 128);
    CHECK(refusal(twice) == expected + "2");

    auto elsewhere = sample_artifact();
    elsewhere.replace(4096 - 124, 8, elsewhere, sample_superblock, 8);  // no multiple of 16: only the hash differs
    CHECK(refusal(elsewhere).find("the head (offset 0 to 4096) is damaged") == 0);
}

TEST_CASE("no byte of the superblock may change") {
    for (size_t at = 0; at < 128; at++) {
        CAPTURE(at);
        auto bytes = sample_artifact();
        bytes[sample_superblock + at] ^= 0x20;
        CHECK(refusal(bytes).find(at < 8 ? "expected one superblock" : "the superblock's checksum at offset 176") == 0);
    }
}

TEST_CASE("a wrong checksum is told with both values") {
    auto       bytes    = sample_artifact();
    const auto expected = to_hex(sha256(bytes.data() + sample_superblock, 112)).substr(0, 32);
    bytes.replace(sample_superblock + 112, 16, "0123456789abcdef");
    CHECK(refusal(bytes) == "the superblock's checksum at offset 176 does not match: expected " + expected +
                                ", found 30313233343536373839616263646566");
}

TEST_CASE("every field is checked behind a checksum that fits") {
    const auto     bytes     = sample_artifact();
    const uint64_t directory = load(bytes, sample_superblock + 64, 8);
    const uint64_t size      = bytes.size();
    const auto     bounds    = [](uint64_t offset, uint64_t manifest_size, uint64_t end) {
        return "the manifest at offset " + std::to_string(offset) + " (" + std::to_string(manifest_size) +
               " bytes) must lie between the head (4096) and the central directory (" + std::to_string(end) + ")";
    };
    const uint64_t manifest_size = directory - sample_manifest;

    CHECK(refusal(with_field(8, 2, 2)) == "the format version at offset 72 is 2, this program reads version 1");
    CHECK(refusal(with_field(12, 4, 5)) == "the required features at offset 76 hold 5, but this program knows none");
    CHECK(refusal(with_field(24, 8, 16777217)) ==
          "the manifest's size at offset 88 is 16777217, expected at most 16777216");
    CHECK(refusal(with_field(16, 8, 4095)) == bounds(4095, manifest_size, directory));
    CHECK(refusal(with_field(16, 8, sample_manifest + 1)) == bounds(sample_manifest + 1, manifest_size, directory));
    CHECK(refusal(with_field(16, 8, UINT64_MAX)) == bounds(UINT64_MAX, manifest_size, directory));
    CHECK(refusal(with_field(24, 8, manifest_size + 1)) == bounds(sample_manifest, manifest_size + 1, directory));
    CHECK(refusal(with_field(64, 8, directory - 1)) == bounds(sample_manifest, manifest_size, directory - 1));
    CHECK(refusal(with_field(64, 8, size + 1)) == bounds(sample_manifest, manifest_size, size + 1));
    CHECK(refusal(with_field(72, 8, size + 1)) ==
          "the file is cut off: expected " + std::to_string(size + 1) + " bytes, found " + std::to_string(size));
    CHECK(refusal(with_field(72, 8, directory - 1)) == bounds(sample_manifest, manifest_size, directory));
}

TEST_CASE("bounds that just fit are accepted") {
    const auto     bytes     = sample_artifact();
    const uint64_t directory = load(bytes, sample_superblock + 64, 8);
    CHECK(refusal(with_field(64, 8, bytes.size())) == "accepted");
    CHECK(refusal(with_field(72, 8, directory)) == "accepted");
    CHECK(refusal(with_field(16, 8, 4096)) == "accepted");
    CHECK(refusal(with_field(24, 8, 0)) == "accepted");
}

TEST_CASE("a file that is cut off says how much is missing") {
    const auto bytes = sample_artifact();
    for (const size_t size : { size_t(sample_superblock) + 128, size_t(4095), size_t(4096), bytes.size() - 1 }) {
        CHECK(refusal(bytes.substr(0, size)) == "the file is cut off: expected " + std::to_string(bytes.size()) +
                                                    " bytes, found " + std::to_string(size));
    }
}

TEST_CASE("a changed head is told with both hashes") {
    auto       bytes    = sample_artifact();
    const auto expected = to_hex(read(bytes).value().head_sha256);
    bytes[2]            = '?';
    auto head           = bytes.substr(0, 4096);
    head.replace(sample_superblock, 128, 128, '\0');
    CHECK(refusal(bytes) == "the head (offset 0 to 4096) is damaged: expected " + expected + ", found " +
                                to_hex(sha256(head.data(), head.size())));
    for (const size_t at :
         { size_t(0), size_t(sample_superblock) - 1, size_t(sample_superblock) + 128, size_t(4095) }) {
        CAPTURE(at);
        auto other = sample_artifact();
        other[at] ^= 1;
        CHECK(refusal(other).find("the head (offset 0 to 4096) is damaged") == 0);
    }
}

// The head of a Windows program: e_lfanew at 0x3c leads to the PE signature (Microsoft's PE format).
static std::string windows_head(uint32_t e_lfanew) {
    std::string head = "MZ";
    head.resize(4096, 'x');
    store(head, 0x3c, 4, e_lfanew);
    if (e_lfanew <= 4092) {
        head.replace(e_lfanew, 4, std::string("PE\0\0", 4));
    }
    return head;
}

static sha256_digest hash_of(const std::string & head) {
    return hash_head(reinterpret_cast<const uint8_t *>(head.data()), 1024);
}

TEST_CASE("the head hash leaves out what signing changes, and nothing else") {
    const uint32_t optional_header = 2048 + 24;
    const auto     head            = windows_head(2048);
    for (size_t at = 2; at < 4096; at++) {
        const bool in_superblock  = at >= 1024 && at < 1024 + 128;
        const bool in_checksum    = at >= optional_header + 64 && at < optional_header + 68;
        const bool in_certificate = at >= optional_header + 144 && at < optional_header + 152;
        auto       changed        = head;
        changed[at] ^= 1;
        CAPTURE(at);
        // after a change of e_lfanew or of the signature, the head has no PE headers, so other bytes count
        CHECK((hash_of(changed) == hash_of(head)) == (in_superblock || in_checksum || in_certificate));
    }
}

TEST_CASE("PE headers that would end outside the head are none") {
    for (const uint32_t e_lfanew : { 4096u - 24 - 152 + 1, 4092u, 4096u, 0xffffffffu }) {
        CAPTURE(e_lfanew);
        auto head    = windows_head(e_lfanew);
        auto changed = head;
        changed[4095] ^= 1;
        CHECK(hash_of(changed) != hash_of(head));
    }
    auto last    = windows_head(4096 - 24 - 152);
    auto changed = last;
    changed[4095] ^= 1;  // the entry of the certificate table ends where the head ends
    CHECK(hash_of(changed) == hash_of(last));
}
