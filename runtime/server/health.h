#pragma once

// Asks a running server whether it is ready.

#include <chrono>
#include <string>

enum class health { none, loading, ready, other };

// The answer of the server at "http://HOST:PORT" or, with an API prefix, "http://HOST:PORT/PREFIX"; `none` where none
// came in so much time, `other` where it is none of such a server.
health ask_health(const std::string & address, std::chrono::seconds time);

// Whether anything answers at the address of a page, which ends in a slash.
bool answers_at(const std::string & page_address);
