#include "artifact/artifact.h"

#include "artifact/bundle.h"
#include "base/environment.h"
#include "base/safe-text.h"
#include "platform/files.h"
#include "platform/system.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

struct file_closer {
    void operator()(std::FILE * file) const { std::fclose(file); }
};

using file_handle = std::unique_ptr<std::FILE, file_closer>;

static result<std::string> read_bytes(std::FILE * file, uint64_t offset, uint64_t size) {
    std::string bytes(size, '\0');
    if (!seek_to(file, offset) || std::fread(bytes.data(), 1, size, file) != size) {
        return failure{ "cannot read " + std::to_string(size) + " bytes at offset " + std::to_string(offset) };
    }
    return bytes;
}

static bool is_artifact(const std::string & path) {
    const file_handle file(open_for_reading(path));
    uint8_t           head[artifact_head_size];
    return file && has_superblock(head, std::fread(head, 1, sizeof(head), file.get()));
}

std::string find_artifact() {
    const auto own   = executable_path();
    const auto named = environment(artifact_variable);
    if (is_artifact(own)) {
        return own;
    }
    if (const auto bundled = bundled_artifact(own); is_artifact(bundled)) {
        return bundled;
    }
    return named.empty() ? own : named;
}

static result<artifact> read_artifact(std::FILE * file, const std::string & path) {
    const int64_t size = size_of(file);
    if (size < 0) {
        return failure{ std::strerror(errno) };
    }
    const auto head = read_bytes(file, 0, std::min<uint64_t>(size, artifact_head_size));
    if (!head) {
        return failure{ head.message() };
    }
    const auto block =
        read_superblock(reinterpret_cast<const uint8_t *>(head.value().data()), head.value().size(), size);
    if (!block) {
        return failure{ block.message() };
    }
    const auto text = read_bytes(file, block.value().manifest_offset, block.value().manifest_size);
    if (!text) {
        return failure{ text.message() };
    }
    const auto found = sha256(text.value().data(), text.value().size());
    if (found != block.value().manifest_sha256) {
        return failure{ "the manifest at offset " + std::to_string(block.value().manifest_offset) +
                        " is damaged: expected " + to_hex(block.value().manifest_sha256) + ", found " + to_hex(found) };
    }
    auto contents = read_manifest(text.value(), block.value(), path);
    if (!contents) {
        return failure{ contents.message() };
    }
    return artifact{ path, uint64_t(size), block.value(), contents.value() };
}

result<artifact> open_artifact(const std::string & path) {
    const file_handle file(open_for_reading(path));
    if (!file) {
        return failure{ safe_line(path) + ": " + reading_problem(), exit_failed };
    }
    auto opened = read_artifact(file.get(), path);
    if (!opened) {
        return failure{ safe_line(path) + ": " + opened.message(), exit_damaged };
    }
    return opened;
}

result<std::string> read_range(const stored_range & range) {
    const file_handle file(open_for_reading(range.path));
    if (!file) {
        return failure{ safe_line(range.path) + ": " + reading_problem() };
    }
    auto bytes = read_bytes(file.get(), range.offset, range.size);
    if (!bytes) {
        return failure{ safe_line(range.path) + ": " + bytes.message() };
    }
    if (const auto found = sha256(bytes.value().data(), range.size); found != range.sha256) {
        return failure{ safe_line(range.path) + ": entry \"" + safe_line(range.name) + "\" at offset " +
                        std::to_string(range.offset) + " is damaged: expected " + to_hex(range.sha256) + ", found " +
                        to_hex(found) };
    }
    return bytes;
}

static std::string found_beside(const stored_range & range) {
    const file_handle file(open_for_reading(range.path));
    if (!file) {
        return reading_problem();
    }
    if (const int64_t size = size_of(file.get()); uint64_t(size) != range.size) {
        return "found " + std::to_string(size) + " bytes";
    }
    const auto begin = read_bytes(file.get(), 0, std::min(range.size, beside_begin_size));
    if (!begin) {
        return begin.message();
    }
    const bool same = sha256(begin.value().data(), begin.value().size()) == range.begin_sha256;
    return same ? "" : "found another file of that size";
}

std::string problem_beside(const artifact & source) {
    for (const auto & model : source.contents.models) {
        for (const auto & part : model.parts) {
            if (const auto found = part.is_beside ? found_beside(part) : ""; !found.empty()) {
                return safe_line(source.path) + " needs the file \"" + safe_line(part.name) + "\" beside it.\n" +
                       safe_line(part.path) + ": expected " + std::to_string(part.size) + " bytes with the SHA-256 " +
                       to_hex(part.sha256) + ", " + found;
            }
        }
    }
    return "";
}

const stored_range * find_entry(const artifact & source, const std::string & name) {
    for (const auto & model : source.contents.models) {
        for (const auto & part : model.parts) {
            if (part.name == name) {
                return &part;
            }
        }
    }
    for (const auto & file : source.contents.files) {
        if (file.name == name) {
            return &file;
        }
    }
    return nullptr;
}
