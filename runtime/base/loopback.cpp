#include "base/loopback.h"

#include "base/text.h"

// 127.0.0.0/8, written as four numbers. "127.0.0.1.example" is a name, and could be any computer.
static bool is_loopback_v4(const std::string & host) {
    size_t begin = 0;
    for (int dots = 0; dots < 3; dots++) {
        const size_t dot = host.find('.', begin);
        if (dot == std::string::npos || !is_number_to(host.substr(begin, dot - begin), 255)) {
            return false;
        }
        begin = dot + 1;
    }
    return host.rfind("127.", 0) == 0 && is_number_to(host.substr(begin), 255);
}

bool is_loopback_name(const std::string & host) {
    const auto name = lower_case(host);
    return name == "localhost" || name == "::1" || name == "[::1]" || is_loopback_v4(name);
}

bool is_loopback(const std::string & host) {
    const bool socket = host.size() > 5 && host.compare(host.size() - 5, 5, ".sock") == 0;
    return is_loopback_name(host) || socket;
}
