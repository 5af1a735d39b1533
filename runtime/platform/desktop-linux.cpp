#include "platform/child-process.h"
#include "platform/console.h"
#include "platform/desktop.h"
#include "platform/system.h"

#include <unistd.h>

#include <sstream>

static bool is_set(const char * variable) {
    return !environment(variable).empty();
}

// Windows Subsystem for Linux: the browser runs on Windows.
static bool is_wsl() {
    return is_set("WSL_DISTRO_NAME");
}

// docker and podman make these files, systemd-nspawn and others set the variable.
static bool is_container() {
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 || is_set("container");
}

std::string why_no_browser() {
    if (is_set("SSH_CONNECTION") || is_set("SSH_TTY")) {
        return "this is an SSH session";
    }
    // people work in a container that has a display
    if (is_wsl() || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) {
        return "";
    }
    return is_container() ? "this is a container" : "there is no desktop here";
}

void show_alert(const std::string & title, const std::string & text) {
    say(title + "\n" + text);
}

bool open_browser(const std::string & address) {
    if (is_wsl() && (start_detached({ "wslview", address }) || start_detached({ "explorer.exe", address }))) {
        return true;
    }
    if (start_detached({ "xdg-open", address })) {
        return true;
    }
    std::istringstream chosen(environment("BROWSER"));
    for (std::string name; std::getline(chosen, name, ':');) {
        if (!name.empty() && name.find('%') == std::string::npos && start_detached({ name, address })) {
            return true;
        }
    }
    for (const char * name : { "x-www-browser", "firefox", "chromium", "google-chrome" }) {
        if (start_detached({ name, address })) {
            return true;
        }
    }
    return false;
}
