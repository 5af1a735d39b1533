#pragma once

// One artifact, one running server: a second start opens the page of the first.

#include "artifact/artifact.h"
#include "platform/file-lock.h"

#include <functional>
#include <string>

enum class claim {
    ours,     // this start is the one that others will find
    taken,    // another start of this artifact is running, or was and cannot be asked
    unknown,  // there is no folder for the lock that is this user's alone
};

// What the lock and everything else that belongs to one artifact is called: 16 digits of its manifest's hash.
std::string instance_name(const artifact & source);

struct instance_claim {
    claim     kind = claim::unknown;
    file_lock lock;  // held where it is ours
};

instance_claim claim_instance(const artifact & source);

// Whether this is the address of a page, ending in a slash, that no other computer can have.
bool is_own_address(const std::string & address);

// For the one that claimed: where it can be reached from now on. An address of another computer's is not told.
void publish_instance(const file_lock & lock, const std::string & address);

// The address that was published last, one of this computer alone; empty where there is none.
std::string published_address(const artifact & source);

// For those who found it taken: the address at which the other answers, or empty after waiting a while for it. `answers`
// says whether somebody answers at such an address.
std::string find_instance(const artifact & source, const std::function<bool(const std::string &)> & answers);
