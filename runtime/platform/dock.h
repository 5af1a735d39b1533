#pragma once

// The icon of a macOS app in the Dock. Definitions in dock-macos.cpp and dock-linux.cpp.

#include <functional>
#include <string>

struct dock_actions {
    std::function<void()> open;  // the icon was clicked, or the app opened a second time
    std::function<void()> quit;  // the person, or the system at logging off, ends the app; the process ends after it
};

// Shows an icon called `title` and does what is asked for, on the process' first thread. Does not return, but where there
// is no Dock.
void stay_in_dock(const std::string & title, const dock_actions & actions);
