#pragma once

// Advice for a mistyped word.

#include <string>
#include <vector>

// The known word that `word` begins, or the one that needs the fewest changes; empty if all of them are too different.
std::string nearest_word(const std::string & word, const std::vector<std::string> & known);

// The end of a sentence about a wrong word: ": did you mean --port?", or "." if no known word is near.
std::string did_you_mean(const std::string & word, const std::vector<std::string> & known);
