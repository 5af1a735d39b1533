#pragma once

// Asks a running server whether it is ready.

#include <chrono>
#include <string>

enum class health { none, loading, ready, other };

// Asks the server at "http://HOST:PORT" or, with an API prefix, "http://HOST:PORT/PREFIX". Returns `none` if there is
// no answer within `time`, and `other` if the answer is not from llama.cpp's server.
health ask_health(const std::string & address, std::chrono::seconds time);

// Whether anything answers at the address of a page. The address ends with a slash.
bool answers_at(const std::string & page_address);
