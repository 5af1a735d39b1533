#pragma once

// The icon of a macOS app in the Dock. Definitions in dock-macos.cpp and dock-linux.cpp.

#include <functional>
#include <string>

struct dock_actions {
    std::function<void()> open;  // somebody clicked the icon, or opened the app a second time
    std::function<void()>
        quit;  // the person ends the app, or the system does when the person logs off; then the process ends
};

// Shows an icon with the name `title` and calls these functions, on the first thread of the process. Returns only if
// there is no Dock.
void stay_in_dock(const std::string & title, const dock_actions & actions);
