#pragma once

// Names and addresses of this computer, as hosts in URLs and in --host have them.

#include <string>

// Whether this is a name or an address of the loopback interface.
bool is_loopback_name(const std::string & host);

// Whether a name, an address or a socket's path, as --host has it, can be reached from this computer alone.
bool is_loopback(const std::string & host);
