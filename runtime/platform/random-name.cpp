#include "platform/random-name.h"

#include "platform/system.h"

static constexpr size_t name_bytes = 16;

std::string random_name() {
    unsigned char bytes[name_bytes];
    if (!fill_with_random(bytes, sizeof(bytes))) {
        return "";
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}
