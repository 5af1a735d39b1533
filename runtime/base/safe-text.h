#pragma once

// Makes text from outside (models, manifests, file names, requests) safe for a terminal.

#include <string>

// Replaces these with U+FFFD: control characters (but not newline and tab), characters that change the direction of
// writing (U+202A to U+202E, U+2066 to U+2069), line separators (U+2028, U+2029), and bytes that are not UTF-8. "\r\n"
// becomes a newline.
std::string safe_text(const std::string & text);

// The same for one line, such as a title or a file name: also replaces newlines and tabs.
std::string safe_line(const std::string & text);
