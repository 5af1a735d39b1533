#include "artifact/bundle.h"

// "NAME.app/Contents/MacOS/NAME" -> "NAME.app/Contents/Resources/NAME.mkexe"
std::string bundled_artifact(const std::string & executable) {
    static const std::string folder = ".app/Contents/MacOS/";

    const auto name = executable.find_last_of('/') + 1;
    if (name < folder.size() || executable.compare(name - folder.size(), folder.size(), folder) != 0) {
        return "";
    }
    const auto contents = name - std::string("MacOS/").size();
    return executable.substr(0, contents) + "Resources/" + executable.substr(name) + ".mkexe";
}
