#include "platform/child-process.h"
#include "platform/desktop.h"
#include "platform/system.h"

std::string why_no_browser() {
    return environment("SSH_CONNECTION").empty() ? "" : "this is an SSH session";
}

// AppleScript Language Guide, "display alert". The texts are arguments, so they cannot change the script.
void show_alert(const std::string & title, const std::string & text) {
    const std::vector<std::string> arguments = {
        "/usr/bin/osascript",
        "-e",
        "on run words",
        "-e",
        "display alert (item 1 of words) message (item 2 of words) as critical",
        "-e",
        "end run",
        title,
        text
    };
    start_detached(arguments);
}

bool open_browser(const std::string & address) {
    return start_detached({ "/usr/bin/open", address });
}
