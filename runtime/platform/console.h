#pragma once

// Writes messages to the console, and results to standard output.

#include <string>

// Writes one paragraph to standard error, made safe for a terminal (safe-text.h).
void say(const std::string & text);

// Returns `text` as standard output gets it: made safe if that is a terminal, else unchanged.
std::string shown_text(const std::string & text);

// Writes shown_text() to standard output, and adds no newline. Returns false if nobody reads it any more.
bool print_result(const std::string & text);

// From now on the program ends with a failure if standard output could not be written (unless a signal ends it).
void watch_results();
