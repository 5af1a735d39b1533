#include "platform/system.h"
#include "platform/user-folders.h"

user_folders find_user_folders() {
    auto base = environment("LOCALAPPDATA");
    if (base.empty()) {
        base = environment("TEMP");
    }
    return base.empty() ? user_folders{} : user_folders{ base + "\\mkexe", base + "\\mkexe", base + "\\mkexe" };
}
