#pragma once

// What starts leave behind on the disk: programs that the launcher's head unpacked, logs, locks.

#include "artifact/artifact.h"

// Removes what starts that were killed had not finished unpacking; says nothing.
void clear_abandoned_programs();

// The command: removes programs other than this one, logs and locks, but what is in use, and says what it removed. Never
// a chat.
int clean(const artifact & source);
