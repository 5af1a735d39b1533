#include "instance.h"

#include "file-lock.h"
#include "files.h"
#include "user-folders.h"

#include <cpp-httplib/httplib.h>

#include <chrono>
#include <thread>

static constexpr auto wait_for_address = std::chrono::seconds(5);  // the other one is only just starting
static constexpr auto between_looks    = std::chrono::milliseconds(50);
static constexpr int  answer_seconds   = 2;

std::string instance_name(const artifact & source) {
    return to_hex(source.block.manifest_sha256).substr(0, 16);
}

static std::string lock_path(const artifact & source) {
    return find_user_folders().run + "/" + instance_name(source) + ".lock";
}

claim claim_instance(const artifact & source) {
    const auto folder = find_user_folders().run;
    if (folder.empty() || make_folder(folder).problem != write_problem::none) {
        return claim::unknown;
    }
    switch (take_lock(lock_path(source))) {
        case lock_result::taken:
            // an earlier start's address, which must not be found
            overwrite_file(lock_path(source), "");
            return claim::ours;
        case lock_result::held_by_another:
            return claim::taken;
        default:
            return claim::unknown;
    }
}

void publish_instance(const artifact & source, const std::string & address) {
    overwrite_file(lock_path(source), address + "\n");
}

// `address` is that of the page: it ends in a slash, and a path may come before that (--api-prefix).
static bool answers(const std::string & address) {
    const size_t path = address.find('/', address.find("://") + 3);
    if (path == std::string::npos) {
        return false;
    }
    httplib::Client client(address.substr(0, path));
    client.set_connection_timeout(answer_seconds);
    client.set_read_timeout(answer_seconds);
    return client.is_valid() && client.Get(address.substr(path) + "health");
}

std::string published_address(const artifact & source) {
    const auto content = read_file(lock_path(source));
    const auto end     = content ? content.value().find('\n') : std::string::npos;
    return end == std::string::npos ? "" : content.value().substr(0, end);
}

std::string find_instance(const artifact & source) {
    const auto until = std::chrono::steady_clock::now() + wait_for_address;
    do {
        const auto address = published_address(source);
        if (!address.empty()) {
            return answers(address) ? address : "";
        }
        std::this_thread::sleep_for(between_looks);
    } while (std::chrono::steady_clock::now() < until);
    return "";
}
