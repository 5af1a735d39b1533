#pragma once

// Restores the terminal after a chat. Definitions in terminal-state-posix.cpp and terminal-state-win32.cpp.

// Remembers the state of the terminal, and restores it when a signal (but SIGKILL) or a crash ends this program. For
// every other end the caller restores it. `coloured`: typed text may have a colour. Does nothing on Windows, where the
// next reader of a console sets its own state.
void keep_terminal(bool coloured);

// Restores the remembered state, if there is one. Signal handlers may call it.
void restore_terminal();
