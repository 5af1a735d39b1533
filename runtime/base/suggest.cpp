#include "base/suggest.h"

#include <algorithm>

// The fewest letters that are inserted, removed, replaced, or swapped with their neighbour (optimal string alignment).
static size_t count_changes(const std::string & from, const std::string & to) {
    std::vector<size_t> before, last(to.size() + 1), row(to.size() + 1);
    for (size_t j = 0; j <= to.size(); j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= from.size(); i++) {
        row[0] = i;
        for (size_t j = 1; j <= to.size(); j++) {
            const bool same = from[i - 1] == to[j - 1];
            row[j]          = std::min({ last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1) });
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before = last;
        last   = row;
    }
    return last.back();
}

static size_t count_letters(const std::string & word) {
    return word.size() - std::min(word.find_first_not_of('-'), word.size());
}

std::string nearest_word(const std::string & word, const std::vector<std::string> & known) {
    const size_t letters = count_letters(word);
    if (letters > 64) {
        return "";
    }
    if (letters > 2) {
        for (const auto & name : known) {
            if (name.rfind(word, 0) == 0) {
                return name;
            }
        }
    }
    std::string nearest;
    size_t      limit = letters / 3 + 1;  // so many changes make another word
    for (const auto & name : known) {
        if (const size_t changes = count_changes(word, name); changes < limit) {
            nearest = name;
            limit   = changes;
        }
    }
    return nearest;
}

std::string did_you_mean(const std::string & word, const std::vector<std::string> & known) {
    const auto nearest = nearest_word(word, known);
    return nearest.empty() ? "." : ": did you mean " + nearest + "?";
}
