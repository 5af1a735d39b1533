#include "server/request-head.h"

#include "base/text.h"
#include "base/work-limits.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

// The value of the first field with this name; empty if there is none. `head` is in lower case.
static std::string field(const std::string & head, const std::string & name) {
    const auto found = head.find("\r\n" + name + ":");
    if (found == std::string::npos) {
        return "";
    }
    const auto begin = head.find_first_not_of(" \t", found + name.size() + 3);
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

static request_state look_at_body(const std::string & received, size_t head_end) {
    const auto head   = lower_case(received.substr(0, head_end));
    const auto length = std::strtoull(field(head, "content-length").c_str(), nullptr, 10);
    if (length > mkexe::max_body_bytes) {
        return request_state::too_large;
    }
    // with "Expect" the client waits before it sends the body; with chunks the size is unknown
    const bool later = !field(head, "expect").empty() || !field(head, "transfer-encoding").empty();
    const bool half  = received.size() - head_end < std::min<size_t>(length, awaited_body_bytes);
    return half && !later ? request_state::incomplete_body : request_state::complete;
}

// What is wrong with the bytes of a head so far; `complete` if nothing is.
static request_state look_at_head(const std::string & head) {
    if (!head.empty() && !std::isalpha((unsigned char) head[0])) {
        return request_state::not_http;
    }
    if (std::min(head.find('\n'), head.size()) > max_line_bytes) {
        return request_state::long_address;
    }
    // RFC 9112, section 2.2, lets servers accept such lines; this gate would wait for the correct empty line
    if (head.find("\n\n") != std::string::npos) {
        return request_state::bare_line_feeds;
    }
    return head.size() > max_head_bytes ? request_state::too_long : request_state::complete;
}

request_state look_at_request(const std::string & received) {
    const auto end  = received.find("\r\n\r\n");
    const auto head = look_at_head(received.substr(0, end));
    if (head != request_state::complete) {
        return head;
    }
    return end == std::string::npos ? request_state::incomplete_head : look_at_body(received, end + 4);
}

bool asks_for(const std::string & received, const std::vector<std::string> & paths) {
    const auto head = lower_case(received.substr(0, received.find("\r\n\r\n") + 2));
    if (!field(head, "content-length").empty() || !field(head, "transfer-encoding").empty()) {
        return false;
    }
    return std::any_of(paths.begin(), paths.end(), [&](const std::string & path) {
        return received.rfind("GET " + path + " ", 0) == 0 || received.rfind("HEAD " + path + " ", 0) == 0;
    });
}
