#pragma once

// JSON as text.

#include <nlohmann/json.hpp>

#include <string>

// On one line, or with `indent` spaces for each level. Never throws: bytes that are not UTF-8 become U+FFFD.
template <typename json> std::string json_text(const json & value, int indent = -1) {
    return value.dump(indent, ' ', false, json::error_handler_t::replace);
}
