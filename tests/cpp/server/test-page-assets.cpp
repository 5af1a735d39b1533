#include "server/session.h"
#include "support/sample.h"

#include <cpp-httplib/httplib.h>
#include <doctest.h>

TEST_CASE("the page is served from the artifact, if it is whole") {
    auto damaged_bytes = sample_artifact();
    damaged_bytes[sample_page] ^= 1;
    const temporary_file damaged_file(damaged_bytes);
    const auto           damaged = open_artifact(damaged_file.path());
    REQUIRE_MESSAGE(damaged, damaged.message());
    session    unable(damaged.value(), false);
    const auto refused = unable.files.read(damaged.value());
    REQUIRE_FALSE(refused);
    CHECK(refused.message().find("entry \"page/index.html\" at offset 65600 is damaged") != std::string::npos);
    CHECK(llama_ui_get_assets().empty());

    const temporary_file file(sample_artifact());
    const auto           opened = open_artifact(file.path());
    REQUIRE_MESSAGE(opened, opened.message());
    session    run(opened.value(), false);
    const auto count = run.files.read(opened.value());
    REQUIRE_MESSAGE(count, count.message());
    CHECK(count.value() == 2);  // without the licence
    CHECK(llama_ui_get_assets().size() == 2);
    const auto * index = llama_ui_find_asset("index.html");
    REQUIRE(index);
    CHECK(std::string(reinterpret_cast<const char *>(index->data), index->size) == "<!doctype html>");
    CHECK(index->type == "text/html; charset=utf-8");
    CHECK(index->etag == "\"" + to_hex(sha256("<!doctype html>", 15)).substr(0, 16) + "\"");
    REQUIRE(llama_ui_find_asset("app.css"));
    CHECK(llama_ui_find_asset("app.css")->type == "text/css; charset=utf-8");
    CHECK(llama_ui_find_asset("app.css.gz") == nullptr);
    for (const std::string name : { "app.css", "index.html" }) {
        httplib::Response response;
        mkexe::current().set_encoding(*llama_ui_find_asset(name), response);
        CHECK(response.get_header_value("Content-Encoding") == (name == "app.css" ? "gzip" : ""));
    }
    CHECK(llama_ui_find_asset("tiny.txt") == nullptr);
    CHECK(llama_ui_find_asset("page/index.html") == nullptr);
    CHECK_FALSE(llama_ui_use_gzip());
}
