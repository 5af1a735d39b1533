#pragma once

// Text from outside (models, manifests, file names, requests), made fit for a terminal.

#include <string>

// `text` with U+FFFD for each control character but newline and tab, each character that turns the direction of writing
// (U+202A to U+202E, U+2066 to U+2069), each line separator (U+2028, U+2029) and each byte that is not UTF-8. "\r\n"
// becomes a newline.
std::string safe_text(const std::string & text);

// The same for what has one line, such as a title or a file's name: newlines and tabs are replaced too.
std::string safe_line(const std::string & text);
