#pragma once

// A macOS bundle, NAME.app/Contents, with the program in MacOS and the artifact in Resources (Apple's Bundle Programming
// Guide).

#include <string>

// The artifact of the bundle that has `executable` as its program; empty where it is in none. Names only, nothing is
// looked at.
std::string bundled_artifact(const std::string & executable);
