#include "platform/system.h"
#include "platform/user-folders.h"

#include <pwd.h>
#include <unistd.h>

user_folders find_user_folders() {
    auto home = environment("HOME");
    if (home.rfind('/', 0) != 0) {
        const passwd * user = getpwuid(getuid());
        home                = user && user->pw_dir ? user->pw_dir : "";
    }
    if (home.empty()) {
        return { "", "", "/tmp/mkexe-" + std::to_string(getuid()) };
    }
    return { home + "/Library/Application Support/mkexe", home + "/Library/Logs/mkexe",
             home + "/Library/Caches/mkexe" };
}
