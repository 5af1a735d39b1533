#include "server/request-guard.h"

#include "base/json-text.h"
#include "base/loopback.h"
#include "base/text.h"

#include <cpp-httplib/httplib.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>

// "name:port", "name", "[::1]:port" without the port
static std::string host_name(const std::string & header) {
    const size_t bracket = header.find(']');
    return header.substr(0, bracket == std::string::npos ? header.find(':') : bracket + 1);
}

static constexpr const char * host_letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_~%[]:";

// An origin in the form of browsers (RFC 6454, section 6.1): lower case, without the default port of the scheme. Empty
// if `text` is not an origin.
static std::string normal_origin(const std::string & text) {
    const auto   origin = lower_case(text);
    const size_t slash  = origin.find("://");
    if (slash == 0 || slash == std::string::npos) {
        return "";
    }
    const auto scheme = origin.substr(0, slash);
    const auto host   = origin.substr(slash + 3);
    if (scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") != std::string::npos || host.empty() ||
        host.find_first_not_of(host_letters) != std::string::npos) {
        return "";
    }
    const auto name = host_name(host);
    const auto port = host.substr(name.size());
    if (name.empty() || (!port.empty() && !(port[0] == ':' && is_number_to(port.substr(1), 65535)))) {
        return "";
    }
    const bool is_default = (scheme == "http" && port == ":80") || (scheme == "https" && port == ":443");
    return scheme + "://" + name + (is_default ? "" : port);
}

static bool is_same_origin(const std::string & origin, const std::string & host) {
    // https: behind a proxy that encrypts
    return !origin.empty() && (origin == normal_origin("http://" + host) || origin == normal_origin("https://" + host));
}

// Whether this is a page of this computer, on any port.
static bool is_local_origin(const std::string & origin) {
    for (const char * scheme : { "http://", "https://" }) {
        if (origin.rfind(scheme, 0) == 0) {
            return is_loopback_name(host_name(origin.substr(std::strlen(scheme))));
        }
    }
    return false;
}

static bool is_let_in(const guard_rules & rules, const std::string & origin) {
    if (contains(rules.origins, "*") || (origin == "null" && contains(rules.origins, "null"))) {
        return true;
    }
    const auto normal = normal_origin(origin);
    return !normal.empty() &&
           (contains(rules.origins, normal) || (contains(rules.origins, "localhost") && is_local_origin(normal)));
}

static std::string without_spaces(const std::string & text) {
    const size_t begin = text.find_first_not_of(" \t");
    return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

result<std::vector<std::string>> parse_origins(const std::string & list) {
    std::vector<std::string> origins;
    std::istringstream       words(list);
    for (std::string word; std::getline(words, word, ',');) {
        word = without_spaces(word);
        if (word.empty()) {
            continue;
        }
        const bool is_word = word == "*" || word == "localhost" || word == "null";
        // the user may have copied an address from the browser's address bar
        const auto origin  = is_word ? word : normal_origin(word.substr(0, word.find_last_not_of('/') + 1));
        if (origin.empty()) {
            return failure{
                "--cors-origins: expected *, localhost, null or origins such as https://example.com, with "
                "commas between them, found \"" +
                    word + "\".",
                exit_usage
            };
        }
        origins.push_back(origin);
    }
    return origins;
}

std::string refuse_request(const guard_rules & rules, const std::string & host, const std::string & origin) {
    // HTTP/1.0 clients send no Host header; browsers always do
    if (rules.loopback_only && !host.empty() && !is_loopback_name(host_name(host))) {
        return "foreign_host";
    }
    return origin.empty() || is_let_in(rules, origin) || is_same_origin(normal_origin(origin), host) ? "" :
                                                                                                       "foreign_origin";
}

std::string allowed_origin(const guard_rules & rules, const std::string & origin) {
    return !origin.empty() && is_let_in(rules, origin) ? origin : "";
}

std::string foreign_origin_message(const guard_rules & rules, const std::string & origin) {
    const auto  normal = origin == "null" ? origin : normal_origin(origin);
    std::string list;
    for (const auto & allowed : rules.origins) {
        list += allowed + ",";
    }
    return "This server refuses requests from pages of other sites." +
           (normal.empty() ? "" : " To allow this site, start the server with --cors-origins " + list + normal + ".");
}

static void set_security_headers(const guard_rules & rules, httplib::Response & response) {
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Referrer-Policy", "no-referrer");
    response.set_header("Cross-Origin-Resource-Policy", contains(rules.origins, "*") ? "cross-origin" : "same-origin");
    response.set_header("X-Frame-Options", "DENY");
    // llama.cpp sends it only with index.html, and Chromium refuses workers without it
    response.set_header("Cross-Origin-Embedder-Policy", "require-corp");
    response.set_header("Content-Security-Policy",
                        rules.page_policy + (rules.page_policy.empty() ? "" : "; ") + "frame-ancestors 'none'");
}

// The reason to refuse the request because of one value of these headers: a request may have several of each.
static std::string refuse_request(const guard_rules & rules, const httplib::Request & request) {
    std::vector<std::string> hosts, origins;
    for (const auto & [name, values] : { std::pair("Host", &hosts), std::pair("Origin", &origins) }) {
        for (size_t i = 0; i < std::max<size_t>(1, request.get_header_value_count(name)); i++) {
            values->push_back(request.get_header_value(name, "", i));
        }
    }
    for (const auto & host : hosts) {
        for (const auto & origin : origins) {
            if (const auto type = refuse_request(rules, host, origin); !type.empty()) {
                return type;
            }
        }
    }
    return "";
}

// Fetch Standard, "CORS protocol": the header names one origin, and caches keep the responses for different origins
// apart.
static void set_allowed_origin(const guard_rules & rules, const std::string & origin, httplib::Response & response) {
    if (rules.origins.empty()) {
        return;
    }
    response.set_header("Vary", "Origin");
    if (const auto allowed = allowed_origin(rules, origin); !allowed.empty()) {
        response.set_header("Access-Control-Allow-Origin", allowed);
    }
}

static void set_error(int status, const std::string & type, const std::string & message, httplib::Response & response) {
    const nlohmann::json error = { { "code", status }, { "type", type }, { "message", message } };
    response.status            = status;
    response.set_content(json_text(nlohmann::json{ { "error", error } }), "application/json; charset=utf-8");
}

void explain_refusal(httplib::Response & response) {
    // llama.cpp sets the sizes (vendor/cpp-httplib/CMakeLists.txt)
    static const std::map<int, std::pair<const char *, const char *>> refusals = {
        { 400,
          { "invalid_request_error",
            "This is not a valid HTTP/1.1 request (RFC 9112): its first line, a header, the "
            "length of its body or a part of a form is wrong." } },
        { 408, { "invalid_request_error", "The body came too slowly. This server no longer waits for it." } },
        { 413,
          { "invalid_request_error",
            "The body is too large. The limit is 100 MiB, or 1 MiB for a form "
            "(application/x-www-form-urlencoded)." } },
        { 415, { "invalid_request_error", "The body is compressed (Content-Encoding). Send it without compression." } },
        { 416, { "invalid_request_error", "The header Range asks for bytes that do not exist." } },
        { 503,
          { "unavailable_error",
            "The bodies of other requests use all the memory for bodies. Try again in a "
            "moment." } },
    };
    const auto found = refusals.find(response.status);
    if (!response.body.empty() || found == refusals.end()) {
        return;
    }
    set_error(response.status, found->second.first, found->second.second, response);
    if (response.status == 503) {
        response.set_header("Retry-After", "5");
    }
}

bool request_guard::admit(const httplib::Request & request, httplib::Response & response) const {
    set_security_headers(rules_, response);
    const auto origin = request.get_header_value("Origin");
    const auto type   = refuse_request(rules_, request);
    if (type.empty()) {
        set_allowed_origin(rules_, origin, response);
        return true;
    }
    const std::string message = type == "foreign_host" ?
                                    "This server answers to localhost, 127.0.0.1 and [::1] only. Start it with --host "
                                    "and --api-key-file to reach it by another name." :
                                    foreign_origin_message(rules_, origin);
    set_error(403, type, message, response);
    return false;
}
