#include "platform/program-folders.h"

#include <algorithm>

static constexpr size_t hash_digits = 16;

static bool is_made_of(const std::string & text, const char * letters) {
    return !text.empty() && text.find_first_not_of(letters) == std::string::npos;
}

// The part of the name after the hash; empty if there is no hash.
static std::string behind_hash(const std::string & name) {
    const auto hash = name.substr(0, hash_digits);
    return hash.size() == hash_digits && is_made_of(hash, "0123456789abcdef") ? name.substr(hash_digits) : "?";
}

bool is_stored_program(const std::string & name) {
    const auto rest = behind_hash(name);
    return rest.empty() || rest == ".exe";
}

bool is_unfinished_program(const std::string & name) {
    const auto rest           = behind_hash(name);
    const bool unix_file      = rest[0] == '.' && is_made_of(rest.substr(1, rest.find_last_not_of('x')), "0123456789");
    const bool windows_folder = rest[0] == '-' && is_made_of(rest.substr(1), "0123456789");
    return unix_file || windows_folder;
}
