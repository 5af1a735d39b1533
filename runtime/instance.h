#pragma once

// One artifact, one running server: a second start opens the page of the first.

#include "artifact.h"

#include <string>

enum class claim {
    ours,     // this start is the one that others will find
    taken,    // another start of this artifact is running, or was and cannot be asked
    unknown,  // there is no folder for the lock
};

// What the lock and everything else that belongs to one artifact is called: 16 digits of its manifest's hash.
std::string instance_name(const artifact & source);

claim claim_instance(const artifact & source);

// For the one that claimed: where it can be reached from now on.
void publish_instance(const artifact & source, const std::string & address);

// The address that was published last; empty where there is none.
std::string published_address(const artifact & source);

// For those who found it taken: the address at which the other answers, or empty after waiting a while for it.
std::string find_instance(const artifact & source);
