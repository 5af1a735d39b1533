#pragma once

// The file of llama.cpp's log, one for each running server.

#include "artifact/artifact.h"
#include "platform/file-lock.h"

#include <string>

struct log_file {
    std::string path;  // empty if another user could have changed the folder
    file_lock   lock;
};

// Makes an empty file and locks it: NAME.log for the first server of this artifact, else NAME-2.log or the next number
// that no running server uses.
log_file claim_log_file(const artifact & source, bool first);
