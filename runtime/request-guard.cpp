#include "request-guard.h"

#include "stopping.h"
#include "upstream-hooks.h"

#include <cpp-httplib/httplib.h>
#include <nlohmann/json.hpp>

#include <cstdio>

static guard_rules current;

void set_guard_rules(guard_rules rules) {
    current = std::move(rules);
}

// 127.0.0.0/8, written as four numbers: "127.0.0.1.example" is a name that may lead anywhere.
static bool is_loopback_v4(const std::string & host) {
    int numbers[4];
    int end = 0;
    return std::sscanf(host.c_str(), "%3d.%3d.%3d.%3d%n", &numbers[0], &numbers[1], &numbers[2], &numbers[3], &end) ==
               4 &&
           size_t(end) == host.size() && numbers[0] == 127;
}

bool is_loopback_name(const std::string & host) {
    return host == "localhost" || host == "::1" || host == "[::1]" || is_loopback_v4(host);
}

bool is_loopback(const std::string & host) {
    const bool socket = host.size() > 5 && host.compare(host.size() - 5, 5, ".sock") == 0;
    return is_loopback_name(host) || socket;
}

// "name:port", "name", "[::1]:port" without the port
static std::string host_name(const std::string & header) {
    const size_t bracket = header.find(']');
    return header.substr(0, bracket == std::string::npos ? header.find(':') : bracket + 1);
}

static bool is_same_origin(const std::string & origin, const std::string & host) {
    return origin == "http://" + host || origin == "https://" + host;  // https: behind a proxy that encrypts
}

std::string refuse_request(const guard_rules & rules, const std::string & host, const std::string & origin) {
    // HTTP/1.0 clients send none; browsers always do
    if (rules.loopback_only && !host.empty() && !is_loopback_name(host_name(host))) {
        return "foreign_host";
    }
    return origin.empty() || rules.cross_origin || is_same_origin(origin, host) ? "" : "foreign_origin";
}

static void set_security_headers(httplib::Response & response) {
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Referrer-Policy", "no-referrer");
    response.set_header("Cross-Origin-Resource-Policy", current.cross_origin ? "cross-origin" : "same-origin");
    response.set_header("X-Frame-Options", "DENY");
    // upstream sends it with index.html alone, and Chromium refuses workers that lack it
    response.set_header("Cross-Origin-Embedder-Policy", "require-corp");
    response.set_header("Content-Security-Policy",
                        current.page_policy + (current.page_policy.empty() ? "" : "; ") + "frame-ancestors 'none'");
}

bool mkexe::admit_request(const httplib::Request & request, httplib::Response & response) {
    set_security_headers(response);
    const auto type = refuse_request(current, request.get_header_value("Host"), request.get_header_value("Origin"));
    if (type.empty()) {
        // what an open page asks for by itself is no use of the program; all of that is GET
        if (request.method != "GET") {
            note_activity();
        }
        return true;
    }
    const std::string    message = type == "foreign_host" ?
                                       "This server answers to localhost, 127.0.0.1 and [::1] only. Start it with --host "
                                       "and --api-key to reach it by another name." :
                                       "Pages of other sites may not use this server. Start it with --cors-origins to "
                                       "allow one.";
    const nlohmann::json error   = { { "code", 403 }, { "type", type }, { "message", message } };
    response.status              = 403;
    response.set_content(nlohmann::json{ { "error", error } }.dump(), "application/json; charset=utf-8");
    return false;
}
