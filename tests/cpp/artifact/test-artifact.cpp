#include "artifact/artifact.h"
#include "artifact/bundle.h"
#include "platform/system.h"
#include "support/sample.h"

#include <doctest.h>

#include <algorithm>
#include <filesystem>

static std::string refusal(const std::string & bytes) {
    const temporary_file file(bytes);
    const auto           opened  = open_artifact(file.path());
    const std::string    message = opened ? "accepted" : opened.message();
    return message.find(file.path() + ": ") == 0 ? message.substr(file.path().size() + 2) : message;
}

TEST_CASE("a valid artifact opens, whatever is appended") {
    const auto           bytes = sample_artifact() + "a signature";
    const temporary_file file(bytes);
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    CHECK(opened.value().path == file.path());
    CHECK(opened.value().size == bytes.size());
    CHECK(opened.value().block.position == sample_superblock);
    CHECK(opened.value().contents.name == "tiny");
}

TEST_CASE("what is not an artifact is refused with its path") {
    CHECK(open_artifact("/nowhere/tiny").message() == "/nowhere/tiny: No such file or directory");
    CHECK(open_artifact("/").message().find("/: ") == 0);
    CHECK(refusal("") == "expected one superblock in the first 4096 bytes, found 0");
    CHECK(refusal("GGUF") == "expected one superblock in the first 4096 bytes, found 0");
}

TEST_CASE("a changed manifest is told with both hashes") {
    auto       bytes    = sample_artifact();
    const auto expected = sample_document().dump();
    auto       found    = expected;
    found[20] ^= 1;
    bytes.replace(sample_manifest, found.size(), found);
    CHECK(refusal(bytes) == "the manifest at offset 65792 is damaged: expected " +
                                to_hex(sha256(expected.data(), expected.size())) + ", found " +
                                to_hex(sha256(found.data(), found.size())));
}

TEST_CASE("a manifest whose hash fits is still read with suspicion") {
    CHECK(refusal(sample_artifact("{}")) == "the manifest at offset 65792 cannot be used: \"format\" is missing");
}

TEST_CASE("ranges are read, and checked against their hash") {
    auto bytes = sample_artifact();
    bytes[sample_style] ^= 1;
    const temporary_file file(bytes);
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    const auto * page = find_entry(opened.value(), "page/index.html");
    REQUIRE(page);
    const auto good = read_range(*page);
    REQUIRE_MESSAGE(good, good.message());
    CHECK(good.value() == "<!doctype html>");

    const auto * style = find_entry(opened.value(), "page/app.css.gz");
    REQUIRE(style);
    const auto damaged = read_range(*style);
    REQUIRE_FALSE(damaged);
    CHECK(damaged.message() == file.path() + ": entry \"page/app.css.gz\" at offset 65664 is damaged: expected " +
                                   to_hex(sha256("body {}", 7)) + ", found " + to_hex(sha256("cody {}", 7)));
}

TEST_CASE("entries are found by their whole name") {
    const temporary_file file(sample_artifact());
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    REQUIRE(find_entry(opened.value(), "models/tiny.gguf"));
    CHECK(find_entry(opened.value(), "models/tiny.gguf")->offset == sample_weights);
    CHECK(find_entry(opened.value(), "models/tiny") == nullptr);
    CHECK(find_entry(opened.value(), "") == nullptr);
    CHECK(find_entry(opened.value(), "runtimes/linux-x86_64.gz") == nullptr);  // no loader opens a runtime
}

TEST_CASE("a file that shrinks after it was opened is told with the offset") {
    const temporary_file file(sample_artifact());
    auto                 opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    const temporary_file shorter(sample_artifact().substr(0, sample_page + 3));
    auto                 page = opened.value().contents.files[0];
    page.path                 = shorter.path();
    CHECK(read_range(page).message() == shorter.path() + ": cannot read 15 bytes at offset 65600");
}

TEST_CASE("the artifact is what the launcher names, else the program itself") {
    CHECK(find_artifact() == executable_path());
    CHECK(find_artifact().find("/mkexe-tests") != std::string::npos);
    const environment_variable named("MKEXE_ARTIFACT", "/some/where/tiny");
    CHECK(find_artifact() == "/some/where/tiny");
}

TEST_CASE("the artifact of a macOS bundle lies in its resources") {
    CHECK(bundled_artifact("/a b/T.app/Contents/MacOS/T") == "/a b/T.app/Contents/Resources/T.mkexe");
    CHECK(bundled_artifact("/T.app/Contents/MacOS/T.app/Contents/MacOS/x y") ==
          "/T.app/Contents/MacOS/T.app/Contents/Resources/x y.mkexe");
    for (const char * other : { "/bin/T", "T", "", "/T.app/Contents/MacOS", "/T/Contents/MacOS/T", "/T.app/Contents/T",
                                "Contents/MacOS/T" }) {
        CHECK_MESSAGE(bundled_artifact(other) == "", other);
    }
}

static nlohmann::json document_beside(const std::string & name, const std::string & content) {
    auto       document            = sample_document();
    const auto hash                = to_hex(sha256(content.data(), content.size()));
    const auto begin               = to_hex(sha256(content.data(), std::min<size_t>(content.size(), 1 << 20)));
    document["required_features"]  = { "files-beside" };
    document["models"][0]["parts"] = nlohmann::json::array(
        { { { "beside", name }, { "size", content.size() }, { "sha256", hash }, { "begin_sha256", begin } } });
    return document;
}

static std::string file_name(const std::string & path) {
    return path.substr(path.find_last_of('/') + 1);
}

TEST_CASE("weights beside the artifact are found there, and a start looks at their size and beginning") {
    std::string          content((1 << 20) + 5, 'w');
    const temporary_file weights(content);
    const auto           name = file_name(weights.path());
    const temporary_file file(sample_artifact(document_beside(name, content).dump()));
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    CHECK(problem_beside(opened.value()) == "");
    REQUIRE(find_entry(opened.value(), name));
    CHECK(find_entry(opened.value(), name)->path == weights.path());
    CHECK(weight_bytes(opened.value().contents) == content.size());

    const auto refusal = [&](const std::string & other) {
        const temporary_file changed(sample_artifact(document_beside(name, other).dump()));
        const auto           reopened = open_artifact(changed.path());
        const auto           message  = problem_beside(reopened.value());
        CHECK(message.find(changed.path() + " needs the file \"" + name + "\" beside it.\n" + weights.path() +
                           ": expected " + std::to_string(other.size()) + " bytes with the SHA-256 " +
                           to_hex(sha256(other.data(), other.size()))) == 0);
        return message.substr(message.rfind(", ") + 2);
    };
    CHECK(refusal(content + "w") == "found 1048581 bytes");
    content[7] = 'x';
    CHECK(refusal(content) == "found another file of that size");
}

TEST_CASE("weights that are not beside the artifact are named") {
    const temporary_file file(sample_artifact(document_beside("no such.gguf", "GGUF").dump()));
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    const auto message = problem_beside(opened.value());
    CHECK(message.substr(message.rfind(", ") + 2) == "No such file or directory");
}

TEST_CASE("weights beside a link's target are found") {
    const std::string    content = "GGUF";
    const temporary_file weights(content);
    const temporary_file file(sample_artifact(document_beside(file_name(weights.path()), content).dump()));
    const temporary_file place("");
    const auto           folder = place.path() + ".d";
    std::filesystem::create_directory(folder);
    std::filesystem::create_symlink(file.path(), folder + "/link");
    const auto opened = open_artifact(folder + "/link");
    CHECK(opened);
    CHECK((opened ? problem_beside(opened.value()) : opened.message()) == "");
    std::filesystem::remove_all(folder);
}
