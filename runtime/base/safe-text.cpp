#include "base/safe-text.h"

#include <algorithm>
#include <cstdint>
#include <vector>

static constexpr const char * replacement = "\xEF\xBF\xBD";  // U+FFFD

namespace {

struct character {
    uint32_t code = 0;
    size_t   size = 0;  // bytes; 0 if it is not UTF-8
};

}  // namespace

// The Unicode Standard, table 3-7: well-formed UTF-8 byte sequences.
static character read_character(const std::string & text, size_t at) {
    const auto byte = [&](size_t i) {
        return at + i < text.size() ? uint8_t(text[at + i]) : uint8_t(0);
    };
    const uint8_t first = byte(0);
    if (first < 0x80) {
        return { first, 1 };
    }
    const size_t size = first >= 0xC2 && first < 0xE0 ? 2 :
                        first >= 0xE0 && first < 0xF0 ? 3 :
                        first >= 0xF0 && first < 0xF5 ? 4 :
                                                        0;
    uint32_t     code = size == 2 ? first & 0x1F : size == 3 ? first & 0x0F : first & 0x07;
    for (size_t i = 1; i < size; i++) {
        if ((byte(i) & 0xC0) != 0x80) {
            return {};
        }
        code = code << 6 | (byte(i) & 0x3F);
    }
    const bool too_long  = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    return size == 0 || too_long || surrogate || code > 0x10FFFF ? character{} : character{ code, size };
}

static bool is_safe(uint32_t code) {
    const bool control   = code < 0x20 || (code >= 0x7F && code < 0xA0);
    const bool direction = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    return !control && !direction && code != 0x2028 && code != 0x2029;
}

static std::string make_safe(const std::string & text, bool with_lines) {
    std::string safe;
    safe.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        if (with_lines && text.compare(at, 2, "\r\n") == 0) {
            at++;
            continue;
        }
        const auto found              = read_character(text, at);
        const bool is_allowed_control = with_lines && (found.code == '\n' || found.code == '\t');
        if (found.size > 0 && (is_allowed_control || is_safe(found.code))) {
            safe.append(text, at, found.size);
        } else {
            safe += replacement;
        }
        at += std::max<size_t>(1, found.size);
    }
    return safe;
}

std::string safe_text(const std::string & text) {
    return make_safe(text, true);
}

std::string safe_line(const std::string & text) {
    return make_safe(text, false);
}
