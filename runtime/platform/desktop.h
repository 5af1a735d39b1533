#pragma once

// The desktop of the person who started this program, if there is one. Definitions in desktop-linux.cpp,
// desktop-macos.cpp and desktop-win32.cpp.

#include <string>

// Why no browser can be opened for this person, as the end of a sentence; empty if one can.
std::string why_no_browser();

// Opens `address` in the person's browser. Returns false if no program could be started.
bool open_browser(const std::string & address);

// Shows a message to a person without a terminal: in a window on macOS, else on stderr. Not used on Windows, which has
// a console.
void show_alert(const std::string & title, const std::string & text);
