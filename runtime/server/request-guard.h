#pragma once

// Refuses HTTP requests that pages of other sites make a browser send (docs/http-api.md).

#include "base/result.h"

#include <string>
#include <vector>

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

struct guard_rules {
    bool                     loopback_only = true;  // the server listens only on loopback addresses
    std::vector<std::string> origins;               // allowed origins, besides the server's own: from parse_origins()
    std::string page_policy;  // directives of the page's Content-Security-Policy, without the last semicolon
};

// Reads the value of --cors-origins. Its items, with commas between them, are "*" (every origin), "localhost" (pages of
// this computer, on any port), "null" (pages without an address, such as files) and origins such as
// "https://example.com". Returns origins in the form of browsers: in lower case, without the default port.
result<std::vector<std::string>> parse_origins(const std::string & list);

// The type of the error; empty if the request is allowed. `host` and `origin` are the values of the headers; `origin`
// is empty if the request has none.
std::string refuse_request(const guard_rules & rules, const std::string & host, const std::string & origin);

// The value of Access-Control-Allow-Origin for an allowed request: its origin if the rules allow that, else empty.
std::string allowed_origin(const guard_rules & rules, const std::string & origin);

// The message for a page of a refused origin, with the option that would allow it.
std::string foreign_origin_message(const guard_rules & rules, const std::string & origin);

// Adds a sentence to an error response that the HTTP server itself made.
void explain_refusal(httplib::Response & response);

// Checks every request.
class request_guard {
  public:
    explicit request_guard(guard_rules rules = {}) : rules_(std::move(rules)) {}

    // Returns false if the request is refused; the response then says why. Sets the headers of every response.
    bool admit(const httplib::Request & request, httplib::Response & response) const;

  private:
    guard_rules rules_;
};
