#pragma once

// Removes what starts left on the disk: programs that the launcher's head unpacked, logs, locks.

#include "artifact/artifact.h"

// Removes programs that a killed start had only half unpacked. Prints nothing.
void clear_abandoned_programs();

// The command. Removes other unpacked programs, logs and locks, and lists them. Keeps chats and everything that is in
// use.
int clean(const artifact & source);
