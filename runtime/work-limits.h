#pragma once

// How much one request, one grammar or one template may ask for: more of it would end the program (a stack that
// overflows), or keep everyone else waiting. docs/http-api.md, "Limits", has the numbers. No more than the standard
// library is needed here: upstream's libraries include this file too (native/patches/limit-*.patch).

#include <cstddef>
#include <stdexcept>
#include <string>

namespace mkexe {

// Thrown where a limit is passed; upstream answers it with status 400.
struct limit_error : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

// Throws limit_error where `found` is more than `most`: "a grammar of 60000 rules: at most 50000 are possible".
inline void check_limit(const char * what, size_t found, const char * unit, size_t most) {
    if (found > most) {
        throw limit_error(std::string(what) + " of " + std::to_string(found) + " " + unit + ": at most " +
                          std::to_string(most) + " are possible");
    }
}

// JSON: what copies and writes it recurses.
constexpr size_t most_json_levels = 200;

// Grammars: parsed, checked and followed by recursion, while every other answer waits.
constexpr size_t most_grammar_bytes    = size_t(1) << 20;
constexpr size_t most_grammar_levels   = 500;               // parentheses in parentheses
constexpr size_t most_grammar_rules    = 50000;             // those that stand for groups and repetitions too
constexpr size_t most_grammar_elements = size_t(1) << 19;   // characters, ranges, names, after repeating
constexpr size_t most_grammar_names    = size_t(16) << 20;  // bytes in all names
constexpr size_t most_grammar_chain    = 5000;              // rules that begin with a rule that begins with a rule
constexpr size_t most_grammar_ways     = 4096;              // alternatives that one character could continue
constexpr size_t most_grammar_steps    = size_t(1) << 22;   // elements looked at for one token
constexpr size_t most_trigger_bytes    = 4096;              // of a regular expression that starts a grammar
constexpr size_t most_trigger_levels   = 100;
constexpr size_t most_triggers         = 100;

// JSON schemas, which become grammars.
constexpr size_t most_schema_levels = 200;  // through $ref
constexpr size_t most_schema_nodes  = 20000;
constexpr size_t most_schema_steps  = size_t(1) << 19;

// Templates: parsed and run by recursion.
constexpr size_t most_template_levels = 1000;               // of the text: blocks and expressions in each other
constexpr size_t most_template_links  = 16384;              // operators, members and filters in all
constexpr size_t most_template_calls  = 1000;               // of what runs: macros that call macros
constexpr size_t most_template_steps  = 2000000;            // for one rendering
constexpr size_t most_template_bytes  = size_t(512) << 20;  // of all strings that one rendering makes
constexpr size_t most_template_copies = size_t(4) << 30;    // of all strings that it looks at
constexpr size_t most_template_values = 1000000;            // at the same time
constexpr size_t most_template_range  = 100000;             // as in Jinja's own sandbox
constexpr size_t most_template_indent = 100;

// Steps that follow the parts of an answer (tool calls, and JSON in them) into each other.
constexpr size_t most_answer_levels = 5000;

// How deep the brackets of `text` nest, those in strings aside.
inline size_t json_levels(const std::string & text) {
    size_t now = 0, most = 0;
    bool   in_string = false;
    for (size_t i = 0; i < text.size(); i++) {
        const char letter = text[i];
        if (in_string) {
            i += letter == '\\';
            in_string = letter != '"';
        } else if (letter == '"') {
            in_string = true;
        } else if (letter == '[' || letter == '{') {
            most = ++now > most ? now : most;
        } else if ((letter == ']' || letter == '}') && now > 0) {
            now--;
        }
    }
    return most;
}

// Before anything parses `text`. Throws limit_error where it nests deeper than most_json_levels.
inline void check_json_levels(const std::string & text) {
    check_limit("JSON", json_levels(text), "levels", most_json_levels);
}

// How deep the groups of a regular expression nest; parentheses in a character class count too.
inline size_t regex_levels(const std::string & pattern) {
    size_t now = 0, most = 0;
    for (size_t i = 0; i < pattern.size(); i++) {
        if (pattern[i] == '\\') {
            i++;
        } else if (pattern[i] == '(') {
            most = ++now > most ? now : most;
        } else if (pattern[i] == ')' && now > 0) {
            now--;
        }
    }
    return most;
}

// Counts one level of a recursion for as long as it lives. Throws limit_error where that is one too many.
class level_guard {
  public:
    level_guard(size_t & level, const char * what, size_t most) : level_(level) {
        check_limit(what, level_ + 1, "levels", most);
        level_++;
    }

    ~level_guard() { level_--; }

    level_guard(const level_guard &)             = delete;
    level_guard & operator=(const level_guard &) = delete;

  private:
    size_t & level_;
};

}  // namespace mkexe
