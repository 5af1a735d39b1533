#pragma once

// Decides from the first bytes of an HTTP/1 request whether a thread can take it (RFC 9112).

#include <cstddef>
#include <string>
#include <vector>

enum class request_state {
    incomplete_head,
    incomplete_body,  // the head is there; the gate waits for more of the body
    complete,         // a thread can take it, and reads the rest of a long body
    too_long,         // the head is too long
    long_address,     // its first line is too long
    bare_line_feeds,  // its lines do not end with CR and LF
    too_large,        // it announces a body that is too large
    not_http,
};

// The gate waits for so many bytes of a body before a thread takes the request.
static constexpr size_t awaited_body_bytes = 64 * 1024;

static constexpr size_t max_head_bytes = 64 * 1024;

// httplib reads no longer line (CPPHTTPLIB_MAX_LINE_LENGTH).
static constexpr size_t max_line_bytes = 32 * 1024;

request_state look_at_request(const std::string & received);

// Whether a complete head asks for one of these paths and announces no body.
bool asks_for(const std::string & received, const std::vector<std::string> & paths);
