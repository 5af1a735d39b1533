#pragma once

// The file of llama.cpp's log, one for each server that runs.

#include "artifact/artifact.h"
#include "platform/file-lock.h"

#include <string>

struct log_file {
    std::string path;  // empty where somebody else could have a hand in it
    file_lock   lock;
};

// An empty file for as long as its lock is held: NAME.log of the first server of this artifact, else NAME-2.log, or the
// next number whose file no server that runs has.
log_file claim_log_file(const artifact & source, bool first);
