#include "child-process.h"
#include "desktop.h"
#include "platform.h"

std::string why_no_browser() {
    return environment("SSH_CONNECTION").empty() ? "" : "this is an SSH session";
}

bool open_browser(const std::string & address) {
    return start_detached({ "/usr/bin/open", address });
}
