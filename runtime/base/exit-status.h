#pragma once

// The exit statuses of an artifact. The builder uses the same numbers for the same errors (docs/errors.md).

enum exit_status {
    exit_good        = 0,
    exit_failed      = 1,  // upstream's server failed, or cannot be reached
    exit_usage       = 2,
    exit_model       = 3,  // the model cannot be used (check-model)
    exit_damaged     = 4,
    exit_unsupported = 12,  // this processor or system cannot run it
    exit_memory      = 14,  // there is not enough memory
    exit_crashed     = 70,  // an error after which it cannot continue (crash.h)
    exit_interrupted = 130,
};

constexpr const char * damaged_hint =
    "This copy of the file is damaged or incomplete. Copy or download it again and compare its SHA-256.";
constexpr const char * beside_hint = "Keep all files that you received in one folder, or copy this file again.";
