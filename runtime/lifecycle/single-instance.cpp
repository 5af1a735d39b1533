#include "lifecycle/single-instance.h"

#include "base/loopback.h"
#include "platform/file-lock.h"
#include "platform/files.h"
#include "platform/own-folder.h"
#include "platform/user-folders.h"

#include <chrono>
#include <optional>
#include <thread>

static constexpr auto wait_for_address = std::chrono::seconds(5);  // the other start may have just begun
static constexpr auto between_looks    = std::chrono::milliseconds(50);

std::string instance_name(const artifact & source) {
    return to_hex(source.block.manifest_sha256).substr(0, 16);
}

static std::string lock_path(const artifact & source) {
    return find_user_folders().run + "/" + instance_name(source) + ".lock";
}

instance_claim claim_instance(const artifact & source) {
    const auto folder = find_user_folders().run;
    if (folder.empty() || make_folder(folder).problem != write_problem::none || !is_own_folder(folder)) {
        return {};
    }
    file_lock lock;
    switch (lock.take(lock_path(source))) {
        case lock_result::taken:
            // removes the address of an earlier start
            lock.write("");
            return { claim::ours, std::move(lock) };
        case lock_result::held_by_another:
            return { claim::taken, {} };
        default:
            return {};
    }
}

static const std::string path_letters =
    "/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@%";

// "http://HOST:PORT/..." or with https.
bool is_own_address(const std::string & address) {
    const size_t name = address.find("://") + 3;
    const size_t path = address.find('/', name);
    if ((address.rfind("http://", 0) != 0 && address.rfind("https://", 0) != 0) || path == std::string::npos) {
        return false;
    }
    const auto   host = address.substr(name, path - name);
    const size_t port = host.rfind(':');
    return port != std::string::npos && is_loopback_name(host.substr(0, port)) && port + 1 < host.size() &&
           host.find_first_not_of("0123456789", port + 1) == std::string::npos && address.back() == '/' &&
           address.find_first_not_of(path_letters, path) == std::string::npos;
}

void publish_instance(const file_lock & lock, const std::string & address) {
    lock.write((is_own_address(address) ? address : "") + "\n");
}

// The first line of the lock, when it is complete: an address, or an empty line if the other start has none for this
// user.
static std::optional<std::string> read_address(const artifact & source) {
    if (!is_own_folder(find_user_folders().run)) {
        return "";
    }
    const auto content = read_lock(lock_path(source));
    const auto end     = content.find('\n');
    if (end == std::string::npos) {
        return std::nullopt;
    }
    const auto address = content.substr(0, end);
    return is_own_address(address) ? address : "";
}

std::string published_address(const artifact & source) {
    return read_address(source).value_or("");
}

std::string find_instance(const artifact & source, const std::function<bool(const std::string &)> & answers) {
    const auto until = std::chrono::steady_clock::now() + wait_for_address;
    do {
        const auto address = read_address(source);
        if (address) {
            return !address->empty() && answers(*address) ? *address : "";
        }
        std::this_thread::sleep_for(between_looks);
    } while (std::chrono::steady_clock::now() < until);
    return "";
}
