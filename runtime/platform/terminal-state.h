#pragma once

// The terminal as it was before a chat changed it. Definitions in terminal-state-posix.cpp and terminal-state-win32.cpp.

// Remembers it: from now on it is put back when a signal ends this program, unless that is SIGKILL. Elsewhere than in a
// crash or a signal the end is the caller's. `coloured`: the colour of what is typed may be on. On Windows a console's
// next reader sets its own state: without effect.
void keep_terminal(bool coloured);

// Puts it back; without effect where nothing was remembered. May be called in a signal handler.
void restore_terminal();
