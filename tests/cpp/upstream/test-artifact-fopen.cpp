#include "ggml.h"
#include "support/sample.h"
#include "upstream/artifact-fopen.h"

#include <doctest.h>

#include <cerrno>
#include <cstdio>
#include <memory>

using stream = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

static stream open(const std::string & path, const char * mode) {
    errno = 0;
    return stream(ggml_fopen(path.c_str(), mode), [](std::FILE * file) { return file ? std::fclose(file) : 0; });
}

static std::string read(std::FILE * file, size_t size) {
    std::string bytes(size, '\0');
    bytes.resize(std::fread(bytes.data(), 1, size, file));
    return bytes;
}

TEST_CASE("llama.cpp's loaders find the artifact's entries") {
    const temporary_file file(sample_artifact());
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    artifact_hooks           hooks(opened.value());
    const mkexe::hooks_scope scope(hooks);

    SUBCASE("at the entry's offset in the artifact, so that they map it in place") {
        const auto weights = open("mkexe:/models/tiny.gguf", "rb");
        REQUIRE(weights);
        CHECK(std::ftell(weights.get()) == 65536);
        CHECK(read(weights.get(), 16) == "GGUF and weights");
    }
    SUBCASE("each with a position of its own") {
        const auto first  = open("mkexe:/models/tiny.gguf", "rb");
        const auto second = open("mkexe:/page/index.html", "r");
        REQUIRE(first);
        REQUIRE(second);
        CHECK(read(second.get(), 15) == "<!doctype html>");
        CHECK(std::ftell(first.get()) == 65536);
    }
    SUBCASE("never for writing") {
        for (const char * mode : { "w", "wb", "a" }) {
            CHECK_FALSE(open("mkexe:/models/tiny.gguf", mode));
            CHECK(errno == EROFS);
        }
    }
    SUBCASE("only by their whole name") {
        for (const char * name : { "mkexe:/", "mkexe:/models/other.gguf", "mkexe:/../etc/passwd", "mkexe://" }) {
            CHECK_FALSE(open(name, "rb"));
            CHECK(errno == ENOENT);
        }
    }
    SUBCASE("next to the files of the system") {
        const temporary_file other("something else");
        const auto           outside = open(other.path(), "rb");
        REQUIRE(outside);
        CHECK(read(outside.get(), 100) == "something else");
        CHECK_FALSE(open("models/tiny.gguf", "rb"));
        CHECK_FALSE(open("/nowhere/mkexe:/models/tiny.gguf", "rb"));
    }
    SUBCASE("and miss them once the artifact is gone") {
        auto moved                             = opened.value();
        moved.contents.models[0].parts[0].path = "/nowhere/tiny";
        artifact_hooks           others(moved);
        const mkexe::hooks_scope inner(others);
        CHECK_FALSE(open("mkexe:/models/tiny.gguf", "rb"));
        CHECK(errno == ENOENT);
    }
}

TEST_CASE("no entry is found where nothing runs on an artifact") {
    CHECK_FALSE(open("mkexe:/models/tiny.gguf", "rb"));
    CHECK(errno == ENOENT);
    CHECK(mkexe::current().file_of("mkexe:/models/tiny.gguf") == "mkexe:/models/tiny.gguf");
}
