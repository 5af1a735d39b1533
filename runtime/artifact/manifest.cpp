#include "artifact/manifest.h"

#include "artifact/manifest-limits.h"
#include "base/safe-text.h"
#include "base/work-limits.h"
#include "platform/files.h"

#include <nlohmann/json.hpp>

#include <stdexcept>

using json = nlohmann::json;

static constexpr size_t shown_bytes = 400;  // of an error message, which may quote a number of any length

// Thrown and caught only in this file, like nlohmann's own exceptions.
struct manifest_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static sha256_digest parse_sha256(const std::string & text) {
    sha256_digest digest;
    bool          good = text.size() == 2 * digest.size();
    for (size_t i = 0; good && i < digest.size(); i++) {
        const int high = hex_digit(text[2 * i]);
        const int low  = hex_digit(text[2 * i + 1]);
        good           = high >= 0 && low >= 0;
        digest[i]      = uint8_t(high * 16 + low);
    }
    if (!good) {
        throw manifest_error("sha256 \"" + shortened(text) + "\" is not 64 lower-case hexadecimal digits");
    }
    return digest;
}

static const json & member(const json & object, const char * key) {
    if (!object.is_object() || !object.contains(key)) {
        throw manifest_error(std::string("\"") + key + "\" is missing");
    }
    return object.at(key);
}

static std::string found_text(const json & value) {
    return value.is_object() ? "an object" : value.is_array() ? "a list" : shortened(value.dump());
}

static uint64_t number(const json & object, const char * key) {
    const json & value = member(object, key);
    if (!value.is_number_unsigned()) {
        throw manifest_error(std::string("\"") + key + "\" must be a whole number, found " + found_text(value));
    }
    return value.get<uint64_t>();
}

static std::string text_of(const json & object, const char * key) {
    const json & value = member(object, key);
    if (!value.is_string()) {
        throw manifest_error(std::string("\"") + key + "\" must be a string, found " + found_text(value));
    }
    return value.get<std::string>();
}

// For people to read.
static std::string line_of(const json & object, const char * key) {
    return safe_line(text_of(object, key));
}

static const json & list_of(const json & object, const char * key) {
    const json & value = member(object, key);
    if (!value.is_array()) {
        throw manifest_error(std::string("\"") + key + "\" must be a list");
    }
    return value;
}

namespace {

// The facts that the manifest must fit.
struct reading {
    const superblock &  block;
    const std::string & path;
};

}  // namespace

static std::string entry_of(const json & object) {
    if (member(object, "entry").is_null()) {
        return "";
    }
    const auto name = text_of(object, "entry");
    if (!is_entry_name(name)) {
        throw manifest_error("\"entry\" must be names with \"/\" between them, found \"" + shortened(name) + "\"");
    }
    return name;
}

static stored_range range_of(const json & object, const reading & from) {
    const stored_range range = {
        entry_of(object),
        from.path,
        number(object, "offset"),
        number(object, "size"),
        parse_sha256(text_of(object, "sha256")),
    };
    const uint64_t end = from.block.manifest_offset;
    if (range.offset < artifact_head_size || range.offset > end || range.size > end - range.offset) {
        throw manifest_error("entry \"" + shortened(range.name) + "\" at offset " + std::to_string(range.offset) +
                             " with " + std::to_string(range.size) + " bytes must lie between " +
                             std::to_string(artifact_head_size) + " and " + std::to_string(end));
    }
    if (const uint64_t crc32 = number(object, "crc32"); crc32 > UINT32_MAX) {
        throw manifest_error("entry \"" + shortened(range.name) + "\": crc32 " + std::to_string(crc32) +
                             " has more than 32 bits");
    }
    return range;
}

static stored_range beside_of(const json & object, const reading & from) {
    const auto name = text_of(object, "beside");
    if (!is_beside_name(name)) {
        throw manifest_error("\"beside\" must be the name of a file, found \"" + shortened(name) + "\"");
    }
    stored_range range = {
        name, path_beside(from.path, name), 0, number(object, "size"), parse_sha256(text_of(object, "sha256")), true,
        {},
    };
    range.begin_sha256 = parse_sha256(text_of(object, "begin_sha256"));
    return range;
}

static stored_range part_of(const json & object, const reading & from) {
    return object.is_object() && object.contains("beside") ? beside_of(object, from) : range_of(object, from);
}

static bundled_model model_of(const json & object, const reading & from) {
    bundled_model model = {
        line_of(object, "role"),
        line_of(object, "name"),
        line_of(object, "architecture"),
        line_of(object, "license"),
        {},
    };
    for (const json & part : list_of(object, "parts")) {
        model.parts.push_back(part_of(part, from));
    }
    if (model.parts.empty()) {
        throw manifest_error("model \"" + shortened(model.name) + "\" has no parts");
    }
    return model;
}

static bundled_runtime runtime_of(const json & object, const reading & from) {
    bundled_runtime runtime;
    runtime.target = text_of(object, "target");
    if (!is_target_name(runtime.target)) {
        throw manifest_error("\"target\" must be a short name, found \"" + shortened(runtime.target) + "\"");
    }
    runtime.range         = range_of(object, from);
    runtime.unpacked_size = number(object, "unpacked_size");
    parse_sha256(text_of(object, "unpacked_sha256"));
    const json & build = member(object, "build");
    if (!build.is_object()) {
        throw manifest_error("\"build\" must be an object, found " + found_text(build));
    }
    for (const auto & [key, value] : build.items()) {
        if (!value.is_string()) {
            throw manifest_error("\"" + shortened(key) + "\" must be a string, found " + found_text(value));
        }
    }
    if (const json & pack = member(object, "pack"); !pack.is_null()) {
        runtime.is_packed = true;
        runtime.pack      = text_of(pack, "entry");
        runtime.pack_skip = number(pack, "skip");
    }
    return runtime;
}

static std::vector<std::string> texts_of(const json & object, const char * key) {
    std::vector<std::string> texts;
    for (const json & value : list_of(object, key)) {
        if (!value.is_string()) {
            throw manifest_error(std::string("\"") + key + "\" must hold strings, found " + found_text(value));
        }
        texts.push_back(value.get<std::string>());
    }
    return texts;
}

static void check_version(const json & root) {
    if (const uint64_t format = number(root, "format"); format != format_major) {
        throw manifest_error("\"format\" is " + std::to_string(format) + ", this program reads " +
                             std::to_string(format_major));
    }
    for (const auto & feature : texts_of(root, "required_features")) {
        if (feature == "files-beside") {
            continue;
        }
        throw manifest_error("this file needs the feature \"" + shortened(feature) +
                             "\", which this program does not know");
    }
}

static manifest decode(const json & root, const reading & from) {
    check_version(root);
    manifest contents;
    contents.name  = line_of(root, "name");
    contents.title = line_of(member(root, "page"), "title");
    if (root.at("page").contains("system_prompt")) {
        contents.system_prompt = text_of(root.at("page"), "system_prompt");
    }
    contents.created      = line_of(root, "created");
    contents.generator    = line_of(root, "generator");
    contents.default_args = texts_of(root, "default_args");
    texts_of(root, "optional_features");
    text_of(root, "layout");
    for (const json & runtime : list_of(root, "runtimes")) {
        contents.runtimes.push_back(runtime_of(runtime, from));
    }
    for (const json & pack : list_of(root, "packs")) {
        contents.packs.push_back(range_of(pack, from));
    }
    for (const json & model : list_of(root, "models")) {
        contents.models.push_back(model_of(model, from));
    }
    for (const json & file : list_of(root, "files")) {
        contents.files.push_back(range_of(file, from));
    }
    if (const auto problem = problem_with_limits(contents); !problem.empty()) {
        throw manifest_error(problem);
    }
    return contents;
}

result<manifest> read_manifest(const std::string & text, const superblock & block, const std::string & path) {
    try {
        mkexe::check_json(text);
        if (text.rfind("\xEF\xBB\xBF", 0) == 0) {
            throw manifest_error("it begins with a byte order mark");
        }
        manifest contents = decode(json::parse(text), { block, path });
        contents.text     = text;
        return contents;
    } catch (const std::exception & error) {
        return failure{ "the manifest at offset " + std::to_string(block.manifest_offset) +
                        " cannot be used: " + safe_line(shortened(error.what(), shown_bytes)) };
    }
}

const bundled_model * projector_of(const manifest & contents) {
    for (const auto & model : contents.models) {
        if (model.role == "projector") {
            return &model;
        }
    }
    return nullptr;
}

uint64_t model_bytes(const bundled_model & model) {
    uint64_t size = 0;
    for (const auto & part : model.parts) {
        size += part.size;
    }
    return size;
}

uint64_t weight_bytes(const manifest & contents) {
    uint64_t size = 0;
    for (const auto & model : contents.models) {
        size += model_bytes(model);
    }
    return size;
}

std::vector<stored_range> all_ranges(const manifest & contents) {
    std::vector<stored_range> ranges = contents.files;
    ranges.insert(ranges.end(), contents.packs.begin(), contents.packs.end());
    for (const auto & runtime : contents.runtimes) {
        ranges.push_back(runtime.range);
    }
    for (const auto & model : contents.models) {
        ranges.insert(ranges.end(), model.parts.begin(), model.parts.end());
    }
    return ranges;
}
