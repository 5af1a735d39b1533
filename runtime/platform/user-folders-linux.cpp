#include "platform/system.h"
#include "platform/user-folders.h"

#include <pwd.h>
#include <unistd.h>

static std::string home_folder() {
    const auto home = environment("HOME");
    if (home.rfind('/', 0) == 0) {
        return home;
    }
    const passwd * user = getpwuid(getuid());
    return user && user->pw_dir ? user->pw_dir : "";
}

// XDG Base Directory Specification 0.8: the value of a variable counts only if it is absolute.
static std::string base_folder(const char * variable, const std::string & below_home) {
    const auto value = environment(variable);
    if (value.rfind('/', 0) == 0) {
        return value + "/mkexe";
    }
    const auto home = home_folder();
    return home.empty() ? "" : home + below_home + "/mkexe";
}

static std::string shared_folder() {
    const auto temporary = environment("TMPDIR");
    return (temporary.rfind('/', 0) == 0 ? temporary : "/tmp") + "/mkexe-" + std::to_string(getuid());
}

user_folders find_user_folders() {
    user_folders folders;
    folders.data  = base_folder("XDG_DATA_HOME", "/.local/share");
    folders.state = base_folder("XDG_STATE_HOME", "/.local/state");
    folders.run   = base_folder("XDG_RUNTIME_DIR", "/.cache");
    if (folders.run.empty()) {
        folders.run = shared_folder();
    }
    return folders;
}
