#pragma once

// The port that the server listens on, and whether this computer reaches it.

#include <string>

// Whether somebody asked for the port: then it is that one or none.
void ask_for_exact_port(bool exact);

// Why the port could not be had, as a sentence with what to do; empty where it could.
std::string listener_problem();

// Why nothing on this computer could reach a server at `host`, a loopback address, as a sentence with what to do; empty
// where it could. Without this look a client would ask for ever.
std::string find_loopback_problem(const std::string & host);
