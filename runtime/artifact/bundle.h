#pragma once

// A macOS bundle, NAME.app/Contents, with the program in MacOS and the artifact in Resources (Apple's Bundle Programming
// Guide).

#include <string>

// The artifact of the bundle whose program is `executable`; empty if it is in no bundle. Looks only at the path.
std::string bundled_artifact(const std::string & executable);
