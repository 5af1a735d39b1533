#include "base/safe-text.h"

#include <doctest.h>

#include <string>

static const std::string mark = "\xEF\xBF\xBD";  // U+FFFD

TEST_CASE("text stays as it is") {
    for (const char * text : { "", "plain", "Gärten, 日本語, \xF0\x9F\x8C\xBF, \xE2\x80\x8F\xD7\xA9", "a\tb\nc",
                               "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF" }) {
        CHECK(safe_text(text) == text);
    }
    CHECK(safe_text("a\r\nb") == "a\nb");
}

TEST_CASE("what a terminal would obey is replaced") {
    for (const char * text : { "\x1b", "\x07", "\b", "\r", "\x7f", "\xC2\x80", "\xC2\x9B", "\xC2\x9F", "\xE2\x80\xAA",
                               "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA9", "\xE2\x80\xA8", "\xE2\x80\xA9" }) {
        CHECK(safe_text(std::string("a") + text + "b") == "a" + mark + "b");
    }
    CHECK(safe_text(std::string("a\0b", 3)) == "a" + mark + "b");
}

TEST_CASE("bytes that are not UTF-8 are replaced one by one") {
    for (const char * text : { "\x9B", "\xFF", "\xC3", "\xC0\x9B", "\xE0\x80\x9B", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                               "\xF8\x88\x80\x80\x80" }) {
        std::string expected = "a";
        for (size_t i = 0; i < std::string(text).size(); i++) {
            expected += mark;
        }
        CHECK(safe_text(std::string("a") + text + "b") == expected + "b");
        CHECK(safe_text(std::string("a") + text) == expected);
    }
}

TEST_CASE("what has one line keeps it") {
    CHECK(safe_line("a\nReady.\tb\r\nc") == "a" + mark + "Ready." + mark + "b" + mark + mark + "c");
}
