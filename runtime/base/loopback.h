#pragma once

// Names and addresses of this computer, as in URLs and in --host.

#include <string>

// Whether this is a name or an address of the loopback interface.
bool is_loopback_name(const std::string & host);

// Whether only this computer can reach this value of --host: a name, an address, or the path of a socket.
bool is_loopback(const std::string & host);
