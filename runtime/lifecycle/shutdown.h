#pragma once

// How the program ends: by a signal, by the page's button, because nobody asks any more, or with the program that
// started it.

// Windows' console events; on Unix upstream's signal handlers are enough. To be called before the server starts.
// Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void watch_console();

// Ends the process in a second and a half whatever it is doing: a batch of a large model may compute for longer. May be
// called in a signal handler. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void end_soon();

// From now on the server can end by itself.
void server_can_stop();

// Ends the program a moment later, so that the answer to this request still goes out.
void request_stop();

// Ends the program when nobody has asked it anything, and it has computed nothing, for so long.
void exit_when_idle(double minutes);

// Ends the program when its standard input ends: a pipe does when the program at its other end is gone, however that
// ended.
void exit_with_input();

// Reads standard input to its end. Defined in shutdown-posix.cpp and shutdown-win32.cpp.
void wait_for_end_of_input();

// A request came that counts as use.
void note_activity();
