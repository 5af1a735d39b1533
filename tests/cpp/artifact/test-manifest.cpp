#include "artifact/manifest.h"
#include "support/sample.h"

#include <doctest.h>

using json = nlohmann::json;

static const superblock block = { sample_superblock, sample_manifest, 1000, {}, sample_manifest + 1000, 70000, {} };

static const std::string refused = "the manifest at offset 65792 cannot be used: ";

static std::string refusal(const json & document) {
    const auto contents = read_manifest(document.dump(), block, "here");
    return contents ? "accepted" : contents.message();
}

// The message of the reader if the member at `pointer` (RFC 6901) is `value`.
static std::string refusal_with(const char * pointer, const json & value) {
    json document                         = sample_document();
    document[json::json_pointer(pointer)] = value;
    return refusal(document);
}

TEST_CASE("a valid manifest gives every member") {
    const auto text = sample_document().dump();
    const auto read = read_manifest(text, block, "here");
    REQUIRE_MESSAGE(read, read.message());
    const manifest & contents = read.value();
    CHECK(contents.name == "tiny");
    CHECK(contents.title == "Käse");
    CHECK(contents.created == "2023-11-14T22:13:20Z");
    CHECK(contents.generator == "mkexe 0.1.0");
    CHECK(contents.default_args == std::vector<std::string>{ "-c", "128" });
    CHECK(contents.text == text);

    REQUIRE(contents.runtimes.size() == 1);
    CHECK(contents.runtimes[0].target == "linux-x86_64");
    CHECK(contents.runtimes[0].range.name == "runtimes/linux-x86_64.gz");
    CHECK(contents.runtimes[0].range.offset == 8192);
    CHECK(contents.runtimes[0].range.size == 11);
    CHECK(contents.runtimes[0].range.sha256 == sha256("an unpacker", 11));

    REQUIRE(contents.packs.size() == 1);
    CHECK(contents.packs[0].name == "runtimes/x86_64.xz");

    REQUIRE(contents.models.size() == 1);
    CHECK(contents.models[0].role == "model");
    CHECK(contents.models[0].name == "Tiny");
    CHECK(contents.models[0].architecture == "llama");
    CHECK(contents.models[0].license == "cc0-1.0");
    REQUIRE(contents.models[0].parts.size() == 1);
    CHECK(contents.models[0].parts[0].name == "models/tiny.gguf");
    CHECK(contents.models[0].parts[0].offset == 65536);

    REQUIRE(contents.files.size() == 3);
    CHECK(contents.files[2].name == "licenses/tiny.txt");
    CHECK(all_ranges(contents).size() == 6);
    CHECK(model_bytes(contents.models[0]) == 16);
    CHECK(weight_bytes(contents) == 16);
}

TEST_CASE("what people read is one line that no terminal obeys") {
    json document                     = sample_document();
    document["page"]["title"]         = "Nice\n\x1b[2JReady.";
    document["models"][0]["name"]     = "\xE2\x80\xAEgnp.exe";
    document["models"][0]["license"]  = "free\x07";
    document["page"]["system_prompt"] = "one\ntwo";
    const auto read                   = read_manifest(document.dump(), block, "here");
    REQUIRE_MESSAGE(read, read.message());
    CHECK(read.value().title == "Nice\xEF\xBF\xBD\xEF\xBF\xBD[2JReady.");
    CHECK(read.value().models[0].name == "\xEF\xBF\xBDgnp.exe");
    CHECK(read.value().models[0].license == "free\xEF\xBF\xBD");
    CHECK(read.value().system_prompt == "one\ntwo");  // the model reads this text
}

TEST_CASE("the parts of a split model keep their order") {
    json   document = sample_document();
    json & parts    = document["models"][0]["parts"];
    parts           = json::array({ parts[0], parts[0], parts[0] });
    for (int i = 0; i < 3; i++) {
        parts[i]["entry"]  = "models/part-" + std::to_string(3 - i);
        parts[i]["offset"] = sample_weights + 16 * i;
    }
    const auto read = read_manifest(document.dump(), block, "here");
    REQUIRE_MESSAGE(read, read.message());
    REQUIRE(read.value().models[0].parts.size() == 3);
    CHECK(read.value().models[0].parts[0].name == "models/part-3");
    CHECK(read.value().models[0].parts[2].name == "models/part-1");
}

TEST_CASE("unknown members and optional features are skipped, unknown required features refused") {
    CHECK(refusal_with("/later", { { "unknown", 1 } }) == "accepted");
    CHECK(refusal_with("/models/0/parts/0/later", 1) == "accepted");
    CHECK(refusal_with("/optional_features", json::array({ "warp" })) == "accepted");
    CHECK(refusal_with("/optional_features", json::array({ "warp", 5 })) ==
          refused + "\"optional_features\" must hold strings, found 5");
    CHECK(refusal_with("/required_features", json::array({ "warp" })) ==
          refused + "this file needs the feature \"warp\", which this program does not know");
    CHECK(refusal_with("/format", 2) == refused + "\"format\" is 2, this program reads 1");
}

TEST_CASE("a runtime without an entry is the Windows program") {
    json document                     = sample_document();
    document["runtimes"][0]["entry"]  = nullptr;
    document["runtimes"][0]["offset"] = 4096;
    const auto read                   = read_manifest(document.dump(), block, "here");
    REQUIRE_MESSAGE(read, read.message());
    CHECK(read.value().runtimes[0].range.name.empty());
}

TEST_CASE("every member that the runtime needs is missed") {
    for (const char * name : { "format", "name", "layout", "generator", "created", "required_features",
                               "optional_features", "default_args", "page", "runtimes", "packs", "models", "files" }) {
        json document = sample_document();
        document.erase(name);
        CHECK(refusal(document) == refused + "\"" + name + "\" is missing");
    }
    for (const char * name : { "role", "name", "architecture", "license", "parts" }) {
        json document = sample_document();
        document["models"][0].erase(name);
        CHECK(refusal(document) == refused + "\"" + name + "\" is missing");
    }
    for (const char * name : { "entry", "offset", "size", "sha256", "crc32" }) {
        json document = sample_document();
        document["files"][1].erase(name);
        CHECK(refusal(document) == refused + "\"" + name + "\" is missing");
    }
    for (const char * name : { "target", "pack", "unpacked_size", "unpacked_sha256", "build" }) {
        json document = sample_document();
        document["runtimes"][0].erase(name);
        CHECK(refusal(document) == refused + "\"" + name + "\" is missing");
    }
    json document = sample_document();
    document["page"].erase("title");
    CHECK(refusal(document) == refused + "\"title\" is missing");
}

TEST_CASE("a member of another type is refused with what was found") {
    CHECK(refusal_with("/format", "1") == refused + "\"format\" must be a whole number, found \"1\"");
    CHECK(refusal_with("/format", 1.0) == refused + "\"format\" must be a whole number, found 1.0");
    CHECK(refusal_with("/name", 5) == refused + "\"name\" must be a string, found 5");
    CHECK(refusal_with("/page", "title") == refused + "\"title\" is missing");
    CHECK(refusal_with("/page/title", nullptr) == refused + "\"title\" must be a string, found null");
    CHECK(refusal_with("/models", json::object()) == refused + "\"models\" must be a list");
    CHECK(refusal_with("/files/0", "index.html") == refused + "\"entry\" is missing");
    CHECK(refusal_with("/files/0/offset", -1) == refused + "\"offset\" must be a whole number, found -1");
    CHECK(refusal_with("/files/0/size", 1e30) == refused + "\"size\" must be a whole number, found 1e+30");
    CHECK(refusal_with("/default_args/0", 5) == refused + "\"default_args\" must hold strings, found 5");
    CHECK(refusal_with("/runtimes/0/build/key", 5) == refused + "\"key\" must be a string, found 5");
    CHECK(refusal_with("/models", json::array()) == refused + "\"models\" is empty");
    CHECK(refusal_with("/models/0/parts", json::array()) == refused + "model \"Tiny\" has no parts");
}

TEST_CASE("a hash is 64 lower-case digits") {
    const std::string digits(64, 'a');
    CHECK(refusal_with("/files/0/sha256", digits) == "accepted");
    for (const auto & wrong : { digits.substr(1), digits + "a", std::string(64, 'A'), std::string(64, 'g'),
                                std::string(63, '0') + " ", std::string() }) {
        CHECK(refusal_with("/files/0/sha256", wrong) ==
              refused + "sha256 \"" + wrong + "\" is not 64 lower-case hexadecimal digits");
    }
}

TEST_CASE("ranges lie between the head and the manifest") {
    const auto check = [](uint64_t offset, uint64_t size) {
        json document                  = sample_document();
        document["files"][0]["offset"] = offset;
        document["files"][0]["size"]   = size;
        return refusal(document);
    };
    const auto message = [](uint64_t offset, uint64_t size) {
        return refused + "entry \"page/index.html\" at offset " + std::to_string(offset) + " with " +
               std::to_string(size) + " bytes must lie between 4096 and 65792";
    };
    CHECK(check(4096, 0) == "accepted");
    CHECK(check(4096, sample_unpacker - 4096) == "accepted");
    CHECK(check(sample_manifest, 0) == "accepted");
    for (const auto & [offset, size] : std::vector<std::pair<uint64_t, uint64_t>>{
             { 0, 1 },
             { 4095, 1 },
             { 4096, sample_manifest - 4096 + 1 },
             { sample_manifest, 1 },
             { sample_manifest + 1, 0 },
             { 4096, UINT64_MAX },
             { UINT64_MAX, 1 },
             { UINT64_MAX, UINT64_MAX },
         }) {
        CHECK(check(offset, size) == message(offset, size));
    }
}

TEST_CASE("text that is not JSON is refused") {
    for (const std::string text :
         { "", "{", "[]", "null", "{\"format\": 1}}", "{\"format\": 1, \"name\": \"\xff\"}" }) {
        CAPTURE(text);
        const auto read = read_manifest(text, block, "here");
        CHECK_FALSE(read);
        CHECK(read.message().find(refused) == 0);
    }
    CHECK_FALSE(read_manifest(std::string(1000000, '['), block, "here"));  // nesting that would exhaust a stack
}

TEST_CASE("a file beside must be named without a folder") {
    const std::string digest(64, '0');
    for (const std::string name : { "", ".", "..", "a/b", "a\\b", "C:b", "../b" }) {
        CAPTURE(name);
        const json part = { { "beside", name }, { "size", 4 }, { "sha256", digest }, { "begin_sha256", digest } };
        CHECK(refusal_with("/models/0/parts/0", part) ==
              refused + "\"beside\" must be the name of a file, found \"" + name + "\"");
    }
}

TEST_CASE("names are what every system can have") {
    const std::string longest(1024, 'x');
    CHECK(refusal_with("/files/0/entry", longest) == "accepted");
    CHECK(refusal_with("/files/0/entry", "page/é") == "accepted");
    for (const std::string name : { "", ".", "..", "/", "a//b", "/etc", "a/", "a/../b", "a\\b", "a\nReady.", "a\x1b[2J",
                                    "a\xC2\x9B", "\xE2\x80\xAEgnp", "\xE2\x80\xA8" }) {
        CAPTURE(name);
        const auto message = refusal_with("/files/0/entry", name);
        CHECK(message.find(refused + "\"entry\" must be names with \"/\" between them, found \"") == 0);
        CHECK(message.find_first_of("\n\x1b") == std::string::npos);
    }
    CHECK(refusal_with("/files/0/entry", longest + "x").size() < 300);
    CHECK(refusal_with("/files/0/entry", longest + "x").find(refused) == 0);
    CHECK(refusal_with("/files/0/entry", "page/app.css.gz") ==
          refused + "two things have the name \"page/app.css.gz\"");
    for (const std::string name : { "", "-x", ".x", "linux x86", "linux/x86", "é" }) {
        CHECK(refusal_with("/runtimes/0/target", name) ==
              refused + "\"target\" must be a short name, found \"" + name + "\"");
    }
}

TEST_CASE("runtimes and files have limits") {
    const uint64_t most = uint64_t(256) << 20;

    json document = sample_document();
    json runtime  = document["runtimes"][0];
    runtime.update({ { "entry", nullptr }, { "size", 0 } });
    for (int i = 1; i < 64; i++) {
        runtime["target"] = "other-" + std::to_string(i);
        document["runtimes"].push_back(runtime);
    }
    CHECK(refusal(document) == "accepted");
    document["runtimes"].push_back(runtime);
    CHECK(refusal(document) == refused + "there are 65 runtimes, expected at most 64");
    document["runtimes"].erase(64);
    document["runtimes"][63]["target"] = "other-1";
    CHECK(refusal(document) == refused + "two runtimes are for the same target");

    for (const char * member : { "/runtimes/0/unpacked_size", "/runtimes/0/pack/skip" }) {
        CHECK(refusal_with(member, most) == "accepted");
        CHECK(refusal_with(member, most + 1).find(refused + "the runtime for linux-x86_64 has ") == 0);
        CHECK(refusal_with(member, UINT64_MAX).find(", expected at most 268435456") != std::string::npos);
    }
    CHECK(refusal_with("/runtimes/0/pack/entry", "runtimes/other.xz") ==
          refused + "the runtime for linux-x86_64 lies in \"runtimes/other.xz\", none of \"packs\"");
    CHECK(refusal_with("/files/0/crc32", 0xFFFFFFFF) == "accepted");
    CHECK(refusal_with("/files/0/crc32", uint64_t(1) << 32) ==
          refused + "entry \"page/index.html\": crc32 4294967296 has more than 32 bits");

    // an artifact with files of that size
    superblock large      = block;
    large.manifest_offset = sample_manifest + most + 1;
    document              = sample_document();
    document["files"][2].update({ { "offset", sample_manifest }, { "size", most - 22 } });
    CHECK(read_manifest(document.dump(), large, "here"));
    document["files"][2]["size"] = most - 21;
    CHECK(read_manifest(document.dump(), large, "here")
              .message()
              .find("\"files\" have 268435457 bytes together, expected at most 268435456") != std::string::npos);
}

TEST_CASE("ranges share no byte") {
    CHECK(refusal_with("/files/0/offset", sample_style) ==
          refused + "entry \"page/app.css.gz\" at offset 65664 begins before offset 65679");
    CHECK(refusal_with("/packs/0/size", sample_weights - sample_pack) == "accepted");
    CHECK(refusal_with("/packs/0/size", sample_weights - sample_pack + 1) ==
          refused + "entry \"models/tiny.gguf\" at offset 65536 begins before offset 65537");
}

TEST_CASE("a model, and perhaps a projector in one part behind it") {
    json projector                  = sample_document()["models"][0];
    projector["role"]               = "projector";
    projector["parts"][0]["entry"]  = "models/mmproj.gguf";
    projector["parts"][0]["offset"] = sample_weights + 16;
    CHECK(refusal_with("/models/1", projector) == "accepted");
    CHECK(refusal_with("/models/0/role", "projector").find("found \"projector\"") != std::string::npos);
    projector["parts"].push_back(projector["parts"][0]);
    CHECK(refusal_with("/models/1", projector) == refused + "a projector has one part, found 2");
    projector["role"] = "model";
    CHECK(refusal_with("/models/1", projector).find("found \"model, model\"") != std::string::npos);
}
