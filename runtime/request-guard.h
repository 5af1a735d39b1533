#pragma once

// Which HTTP requests are answered at all: none that a foreign web page makes a browser send (docs/http-api.md).

#include <string>
#include <vector>

struct guard_rules {
    bool        loopback_only = true;   // the server listens on loopback addresses alone
    bool        cross_origin  = false;  // --cors-origins was asked for
    std::string page_policy;            // directives of the page's Content-Security-Policy, without the last semicolon
};

void set_guard_rules(guard_rules rules);

// Whether this is a name or an address of the loopback interface.
bool is_loopback_name(const std::string & host);

// Whether a name, an address or a socket's path, as --host has it, can be reached from this computer alone.
bool is_loopback(const std::string & host);

// Empty where the request may pass, else the type of the error. `host` and `origin` are the headers' values; `origin` is
// empty where there is none.
std::string refuse_request(const guard_rules & rules, const std::string & host, const std::string & origin);
