#include "support/sample.h"

#include "base/digest.h"

#include <stdlib.h>
#include <unistd.h>

#include <stdexcept>

using json = nlohmann::json;

struct sample_entry {
    const char * name;
    uint64_t     offset;
    std::string  content;
};

static const sample_entry unpacker = { "runtimes/linux-x86_64.gz", sample_unpacker, "an unpacker" };
static const sample_entry pack     = { "runtimes/x86_64.xz", sample_pack, "runtimes" };
static const sample_entry weights  = { "models/tiny.gguf", sample_weights, "GGUF and weights" };
static const sample_entry page     = { "page/index.html", sample_page, "<!doctype html>" };
static const sample_entry style    = { "page/app.css.gz", sample_style, "body {}" };
static const sample_entry license  = { "licenses/tiny.txt", sample_license, "do what you like" };

static json range_of(const sample_entry & entry) {
    return {
        { "entry", entry.name },
        { "offset", entry.offset },
        { "size", entry.content.size() },
        { "sha256", to_hex(sha256(entry.content.data(), entry.content.size())) },
        { "crc32", 0 },  // no runtime compares it
    };
}

json sample_document() {
    json stored_runtime      = range_of(unpacker);
    stored_runtime["target"] = "linux-x86_64";
    stored_runtime["pack"]   = { { "entry", pack.name }, { "skip", 0 } };

    stored_runtime["unpacked_size"]   = pack.content.size();
    stored_runtime["unpacked_sha256"] = to_hex(sha256(pack.content.data(), pack.content.size()));
    stored_runtime["build"]           = { { "key", "0123456789abcdef" } };
    return {
        { "format", 1 },
        { "name", "tiny" },
        { "generator", "mkexe 0.1.0" },
        { "layout", "exe" },
        { "created", "2023-11-14T22:13:20Z" },
        { "required_features", json::array() },
        { "optional_features", json::array({ "sparkles" }) },
        { "default_args", { "-c", "128" } },
        { "page", { { "title", "Käse" }, { "system_prompt", "" } } },
        { "runtimes", json::array({ stored_runtime }) },
        { "packs", json::array({ range_of(pack) }) },
        { "models", json::array({
                        {
                            { "role", "model" },
                            { "name", "Tiny" },
                            { "architecture", "llama" },
                            { "license", "cc0-1.0" },
                            { "parts", json::array({ range_of(weights) }) },
                        },
                    }) },
        { "files", json::array({ range_of(page), range_of(style), range_of(license) }) },
    };
}

void store(std::string & bytes, size_t offset, size_t size, uint64_t number) {
    for (size_t i = 0; i < size; i++) {
        bytes.at(offset + i) = char(number >> (8 * i));
    }
}

uint64_t load(const std::string & bytes, size_t offset, size_t size) {
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number |= uint64_t(uint8_t(bytes.at(offset + i))) << (8 * i);
    }
    return number;
}

static void store_digest(std::string & bytes, size_t offset, const sha256_digest & digest, size_t size) {
    bytes.replace(offset, size, reinterpret_cast<const char *>(digest.data()), size);
}

void seal(std::string & bytes) {
    store_digest(bytes, sample_superblock + 112, sha256(bytes.data() + sample_superblock, 112), 16);
}

// The numbers are from docs/FORMAT.md, "Superblock" and "Head hash".
std::string sample_artifact(const std::string & manifest) {
    std::string bytes = "#!/bin/sh\nexit 1\n";
    bytes.resize(sample_superblock, '\n');
    bytes.resize(sample_manifest, '\0');
    for (const auto & entry : { unpacker, pack, weights, page, style, license }) {
        bytes.replace(entry.offset, entry.content.size(), entry.content);
    }
    bytes += manifest;
    const uint64_t directory = bytes.size();
    bytes += "the central directory";
    const auto head_hash = sha256(bytes.data(), 4096);  // the bytes of the superblock are still zero

    bytes.replace(sample_superblock, 8, std::string("MKEXE\x1a\n\0", 8));
    store(bytes, sample_superblock + 8, 2, 1);
    store(bytes, sample_superblock + 16, 8, sample_manifest);
    store(bytes, sample_superblock + 24, 8, manifest.size());
    store_digest(bytes, sample_superblock + 32, sha256(manifest.data(), manifest.size()), 32);
    store(bytes, sample_superblock + 64, 8, directory);
    store(bytes, sample_superblock + 72, 8, bytes.size());
    store_digest(bytes, sample_superblock + 80, head_hash, 32);
    seal(bytes);
    return bytes;
}

temporary_file::temporary_file(const std::string & bytes) {
    const char * folder = getenv("TMPDIR");
    path_               = std::string(folder ? folder : "/tmp") + "/mkexe-test-XXXXXX";
    const int  file     = mkstemp(path_.data());
    const bool written  = file >= 0 && write(file, bytes.data(), bytes.size()) == ssize_t(bytes.size());
    if (file >= 0) {
        close(file);
    }
    if (!written) {
        throw std::runtime_error("cannot write " + path_);
    }
}

temporary_file::~temporary_file() {
    unlink(path_.c_str());
}

environment_variable::environment_variable(const char * name, const std::string & value) : name_(name) {
    setenv(name, value.c_str(), 1);
}

environment_variable::~environment_variable() {
    unsetenv(name_);
}
