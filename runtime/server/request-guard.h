#pragma once

// Which HTTP requests are answered at all: none that a foreign web page makes a browser send (docs/http-api.md).

#include "base/result.h"

#include <string>
#include <vector>

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

struct guard_rules {
    bool                     loopback_only = true;  // the server listens on loopback addresses alone
    std::vector<std::string> origins;               // let in beside the server's own: what parse_origins() gives
    std::string page_policy;  // directives of the page's Content-Security-Policy, without the last semicolon
};

// The value of --cors-origins: with commas between, "*" (every origin), "localhost" (pages of this computer, whatever
// their port), "null" (pages without an address, such as files) and origins such as "https://example.com". They come back
// as browsers write them: lower case, without a default port.
result<std::vector<std::string>> parse_origins(const std::string & list);

// Empty where the request may pass, else the type of the error. `host` and `origin` are the headers' values; `origin` is
// empty where there is none.
std::string refuse_request(const guard_rules & rules, const std::string & host, const std::string & origin);

// What Access-Control-Allow-Origin says to a request that may pass: its origin where the rules let it in, else nothing.
std::string allowed_origin(const guard_rules & rules, const std::string & origin);

// What a page of a refused origin is told: the option that would let it in.
std::string foreign_origin_message(const guard_rules & rules, const std::string & origin);

// Gives a refusal that the HTTP server itself makes a sentence.
void explain_refusal(httplib::Response & response);

// Asked about every request.
class request_guard {
  public:
    explicit request_guard(guard_rules rules = {}) : rules_(std::move(rules)) {}

    // False where the request is refused; the response then says why. Sets the headers that every response has.
    bool admit(const httplib::Request & request, httplib::Response & response) const;

  private:
    guard_rules rules_;
};
