#pragma once

// The port that the server listens on.

#include <string>

// Whether somebody asked for the port: then it is that one or none.
void ask_for_exact_port(bool exact);

// Why the port could not be had, as a sentence with what to do; empty where it could.
std::string listener_problem();
