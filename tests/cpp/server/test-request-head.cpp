#include "server/request-head.h"

#include <doctest.h>

static request_state state_of(const std::string & received) {
    return look_at_request(received);
}

TEST_CASE("a request without a body is complete with its head") {
    const std::string head = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (size_t size = 0; size < head.size(); size++) {
        CHECK(state_of(head.substr(0, size)) == request_state::incomplete_head);
    }
    CHECK(state_of(head) == request_state::complete);
    CHECK(state_of(head + "GET /next") == request_state::complete);
}

TEST_CASE("a head whose lines end with LF alone is not waited for") {
    CHECK(state_of("GET / HTTP/1.1\nHost: localhost\n") == request_state::incomplete_head);
    CHECK(state_of("GET / HTTP/1.1\nHost: localhost\n\n") == request_state::bare_line_feeds);
    CHECK(state_of("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\n\n") == request_state::complete);
}

TEST_CASE("a short body is waited for, a long one only at its beginning") {
    const std::string head = "POST / HTTP/1.1\r\ncontent-LENGTH:  5\r\n\r\n";
    CHECK(state_of(head + "1234") == request_state::incomplete_body);
    CHECK(state_of(head + "12345") == request_state::complete);
    const std::string large = "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
    CHECK(state_of(large + std::string(awaited_body_bytes - 1, 'x')) == request_state::incomplete_body);
    CHECK(state_of(large + std::string(awaited_body_bytes, 'x')) == request_state::complete);
}

TEST_CASE("what brings a body later, or one that is refused, is not waited for") {
    for (const char * field : { "Expect: 100-continue\r\nContent-Length: 5", "Transfer-Encoding: chunked" }) {
        CHECK_MESSAGE(state_of("POST / HTTP/1.1\r\n" + std::string(field) + "\r\n\r\n") == request_state::complete,
                      field);
    }
    for (const char * length : { "104857601", "99999999999", "99999999999999999999999" }) {
        CHECK_MESSAGE(state_of("POST / HTTP/1.1\r\nContent-Length: " + std::string(length) + "\r\n\r\n") ==
                          request_state::too_large,
                      length);
    }
}

TEST_CASE("what is not a request is seen at once") {
    CHECK(state_of(std::string("\x16\x03\x01", 3)) == request_state::not_http);
    CHECK(state_of("GET /" + std::string(max_line_bytes, 'a')) == request_state::long_address);
    CHECK(state_of("GET / HTTP/1.1\r\nA: " + std::string(max_head_bytes, 'a')) == request_state::too_long);
}

TEST_CASE("which requests ask for the health alone") {
    const std::vector<std::string> paths = { "/health", "/v1/health" };
    CHECK(asks_for("GET /health HTTP/1.1\r\n\r\n", paths));
    CHECK(asks_for("HEAD /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n", paths));
    CHECK_FALSE(asks_for("GET /healthy HTTP/1.1\r\n\r\n", paths));
    CHECK_FALSE(asks_for("POST /health HTTP/1.1\r\n\r\n", paths));
    CHECK_FALSE(asks_for("GET /health HTTP/1.1\r\nContent-Length: 1\r\n\r\n", paths));
}
