#include "base/loopback.h"
#include "server/request-guard.h"

#include <doctest.h>

static const guard_rules local;

static guard_rules open_to_others() {
    guard_rules rules;
    rules.loopback_only = false;
    return rules;
}

TEST_CASE("a server on loopback answers to loopback names alone") {
    for (const char * host : { "127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "127.1.2.3", "" }) {
        CHECK_MESSAGE(refuse_request(local, host, "").empty(), host);
    }
    // DNS rebinding: a foreign name leads to 127.0.0.1
    for (const char * host : { "evil.example:8080", "evil.example", "localhost.evil.example", "192.168.0.2:8080",
                               "127.0.0.1.evil.example", "127.0.0.1.", "evil.sock", "[::2]:8080", "0.0.0.0:8080" }) {
        CHECK_MESSAGE(refuse_request(local, host, "") == "foreign_host", host);
    }
}

TEST_CASE("a server that other computers may use answers to any name") {
    CHECK(refuse_request(open_to_others(), "box.local:8080", "").empty());
    CHECK(refuse_request(open_to_others(), "box.local:8080", "http://box.local:8080").empty());
    CHECK(refuse_request(open_to_others(), "box.local:8080", "https://evil.example") == "foreign_origin");
}

static guard_rules letting_in(const std::string & list) {
    guard_rules rules;
    rules.origins = parse_origins(list).value();
    return rules;
}

static const char * const foreign_origins[] = {
    "http://127.0.0.1:9090",
    "http://localhost:8080",
    "null",
    "https://evil.example",
    "http://127.0.0.1:8080.evil.example",
    "http://127.0.0.1:8080/",
    "http://127.0.0.1:8080@evil.example",
};

TEST_CASE("a page of another origin may not ask, unless every page may") {
    CHECK(refuse_request(local, "127.0.0.1:8080", "http://127.0.0.1:8080").empty());
    CHECK(refuse_request(local, "localhost:8080", "https://localhost:8080").empty());
    CHECK(refuse_request(local, "LocalHost", "http://localhost:80").empty());
    CHECK(refuse_request(local, "localhost:443", "https://localhost").empty());
    for (const char * origin : foreign_origins) {
        CHECK_MESSAGE(refuse_request(local, "127.0.0.1:8080", origin) == "foreign_origin", origin);
        CHECK_MESSAGE(refuse_request(letting_in("*"), "127.0.0.1:8080", origin).empty(), origin);
    }
}

TEST_CASE("an origin that was named may ask, and no other") {
    const auto rules = letting_in(" https://Example.com:443/ , http://app.example:3000,null");
    for (const char * origin : { "https://example.com", "HTTPS://EXAMPLE.com:443", "http://app.example:3000", "null",
                                 "http://127.0.0.1:8080" }) {
        CHECK_MESSAGE(refuse_request(rules, "127.0.0.1:8080", origin).empty(), origin);
    }
    for (const char * origin : { "http://example.com", "https://example.com:444", "https://www.example.com",
                                 "https://example.com.evil", "http://app.example", "https://evil.example",
                                 "http://localhost:8080", "https://example.com,null", "*", "localhost" }) {
        CHECK_MESSAGE(refuse_request(rules, "127.0.0.1:8080", origin) == "foreign_origin", origin);
    }
    CHECK(allowed_origin(rules, "https://example.com") == "https://example.com");
    CHECK(allowed_origin(rules, "https://evil.example").empty());
    CHECK(allowed_origin(rules, "").empty());
}

TEST_CASE("localhost means this computer's pages, whatever their port") {
    const auto rules = letting_in("localhost");
    for (const char * origin :
         { "http://localhost:3000", "http://127.0.0.1:5173", "https://[::1]:9", "http://localhost" }) {
        CHECK_MESSAGE(refuse_request(rules, "127.0.0.1:8080", origin).empty(), origin);
    }
    for (const char * origin : { "http://localhost.evil.example", "http://127.0.0.1.evil.example:3000", "null",
                                 "https://evil.example", "http://evil.example:80@localhost", "ftp://localhost" }) {
        CHECK_MESSAGE(refuse_request(rules, "127.0.0.1:8080", origin) == "foreign_origin", origin);
    }
}

TEST_CASE("what --cors-origins may be") {
    CHECK(parse_origins("").value().empty());
    CHECK(parse_origins("https://a.example:443,HTTP://B.example:80").value() ==
          std::vector<std::string>{ "https://a.example", "http://b.example" });
    for (const char * list : { "example.com", "https://", "https://a.example/path", "https://a.example b", "://x",
                               "https://a.example:99999" }) {
        CHECK_MESSAGE(!parse_origins(list), list);
    }
}

TEST_CASE("a refused page is told the option that would let it in") {
    CHECK(foreign_origin_message(local, "https://Evil.example") ==
          "This server refuses requests from pages of other sites. To allow this site, start the server with "
          "--cors-origins "
          "https://evil.example.");
    CHECK(foreign_origin_message(letting_in("https://a.example"), "null")
              .find("--cors-origins https://a.example,null.") != std::string::npos);
    CHECK(foreign_origin_message(local, "https://x; rm -rf /").find("rm") == std::string::npos);
}

TEST_CASE("which addresses are loopback") {
    for (const char * host : { "127.0.0.1", "localhost", "::1", "[::1]", "LOCALHOST", "/run/mkexe.sock" }) {
        CHECK_MESSAGE(is_loopback(host), host);
    }
    for (const char * host :
         { "0.0.0.0", "::", "192.168.0.2", "box.local", "127.0.0", "127.0.0.256", "127.+0.0.1", "" }) {
        CHECK_FALSE_MESSAGE(is_loopback(host), host);
    }
}
