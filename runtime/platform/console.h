#pragma once

// What this program says on its console, and the results that it writes.

#include <string>

// One paragraph on standard error, fit for a terminal (safe-text.h).
void say(const std::string & text);

// `text` as standard output gets it: fit for a terminal where it is one, else as it is.
std::string shown_text(const std::string & text);

// Writes shown_text() on standard output. No newline is added. False where that is no use any more.
bool print_result(const std::string & text);

// From now on the program's end, unless by a signal, is a failure where standard output could not be written.
void watch_results();
