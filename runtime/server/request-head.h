#pragma once

// What the first bytes of an HTTP/1 request say about when it can be answered (RFC 9112).

#include <cstddef>
#include <string>
#include <vector>

enum class request_state {
    incomplete_head,
    incomplete_body,  // the head is there, more of the body is worth waiting for
    complete,         // can be answered; the rest of a long body is read while it is
    too_long,         // a head that goes on and on
    long_address,     // its first line does
    bare_line_feeds,  // its lines do not end with CR LF
    too_large,        // a body of more bytes than any may have is announced
    not_http,
};

// Bytes of a body that are waited for before a thread takes the request.
static constexpr size_t awaited_body_bytes = 64 * 1024;

static constexpr size_t max_head_bytes = 64 * 1024;

// CPPHTTPLIB_MAX_LINE_LENGTH: a longer line is not read.
static constexpr size_t max_line_bytes = 32 * 1024;

request_state look_at_request(const std::string & received);

// Whether a complete head asks for one of these paths and brings no body.
bool asks_for(const std::string & received, const std::vector<std::string> & paths);
