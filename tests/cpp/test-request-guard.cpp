#include "request-guard.h"

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
    // a foreign name that leads to 127.0.0.1 is what DNS rebinding looks like
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

TEST_CASE("a page of another origin may not ask, unless that was wanted") {
    CHECK(refuse_request(local, "127.0.0.1:8080", "http://127.0.0.1:8080").empty());
    CHECK(refuse_request(local, "localhost:8080", "https://localhost:8080").empty());
    for (const char * origin : { "http://127.0.0.1:9090", "http://localhost:8080", "null", "https://evil.example",
                                 "http://127.0.0.1:8080.evil.example" }) {
        CHECK_MESSAGE(refuse_request(local, "127.0.0.1:8080", origin) == "foreign_origin", origin);
        guard_rules rules;
        rules.cross_origin = true;
        CHECK_MESSAGE(refuse_request(rules, "127.0.0.1:8080", origin).empty(), origin);
    }
}

TEST_CASE("which addresses are loopback") {
    for (const char * host : { "127.0.0.1", "localhost", "::1", "[::1]", "/run/mkexe.sock" }) {
        CHECK_MESSAGE(is_loopback(host), host);
    }
    for (const char * host : { "0.0.0.0", "::", "192.168.0.2", "box.local", "" }) {
        CHECK_FALSE_MESSAGE(is_loopback(host), host);
    }
}
