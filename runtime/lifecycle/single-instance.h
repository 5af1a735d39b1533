#pragma once

// Lets one artifact have one running server: a second start opens the page of the first.

#include "artifact/artifact.h"
#include "platform/file-lock.h"

#include <functional>
#include <string>

enum class claim {
    ours,     // later starts will find this one
    taken,    // another start of this artifact runs, or its state is unknown
    unknown,  // there is no folder for the lock that only this user can write to
};

// The name of the lock, and of other files of one artifact: 16 digits of the hash of its manifest.
std::string instance_name(const artifact & source);

struct instance_claim {
    claim     kind = claim::unknown;
    file_lock lock;  // held if `kind` is `ours`
};

instance_claim claim_instance(const artifact & source);

// Whether this is the address of a page on this computer, with a slash at its end.
bool is_own_address(const std::string & address);

// Writes the address of this server into the lock that it holds. Addresses of other computers are not written.
void publish_instance(const file_lock & lock, const std::string & address);

// The last published address; empty if there is none on this computer.
std::string published_address(const artifact & source);

// Waits a short time for the address of the other start, and returns it; empty if there is none. `answers` says whether
// something answers at an address.
std::string find_instance(const artifact & source, const std::function<bool(const std::string &)> & answers);
