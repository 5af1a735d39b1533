#include "server/health.h"

#include <cpp-httplib/httplib.h>

#include <algorithm>

static constexpr auto time_of_other_start = std::chrono::seconds(2);

health ask_health(const std::string & address, std::chrono::seconds time) {
    const auto      path = std::min(address.find('/', address.find("://") + 3), address.size());
    httplib::Client client(address.substr(0, path));
    client.set_connection_timeout(time);
    client.set_read_timeout(time);
    const auto answer = client.is_valid() ? client.Get(address.substr(path) + "/health") : httplib::Result();
    if (!answer) {
        return health::none;
    }
    // llama.cpp's tools/server/README.md, "GET /health"
    switch (answer->status) {
        case 200:
            return health::ready;
        case 503:
            return health::loading;
        default:
            return health::other;
    }
}

bool answers_at(const std::string & page_address) {
    return ask_health(page_address.substr(0, page_address.size() - 1), time_of_other_start) != health::none;
}
