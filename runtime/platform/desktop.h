#pragma once

// The desktop that this program was started on, if there is one. Definitions in desktop-linux.cpp, desktop-macos.cpp and
// desktop-win32.cpp.

#include <string>

// Empty where a browser can be opened for the person who started this program; else why not, as the end of a sentence.
std::string why_no_browser();

// Opens `address` in the browser of the person's choice; false where nothing could be started.
bool open_browser(const std::string & address);

// Tells a person who has no terminal: in a window on macOS, else on stderr. Not on Windows, where there is a console.
void show_alert(const std::string & title, const std::string & text);
