#pragma once

// How much one request, one grammar or one template may ask for: more of it would end the program (a stack that
// overflows), or keep everyone else waiting. docs/http-api.md, "Limits", has the numbers. No more than the standard
// library is needed here: upstream's libraries include this file too (native/patches/limit-*.patch).

#include <atomic>
#include <cstddef>
#include <functional>
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

// Thrown where more is asked for than there is room for at the moment; upstream answers it with status 503.
struct no_room_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Thrown where the client that a request is worked on for has left: nobody reads the answer.
struct client_left_error : std::runtime_error {
    client_left_error() : std::runtime_error("the client left, its request is given up") {}
};

// While it lives, what this thread works on is for a client; `has_left` says whether that is gone.
class client_scope {
  public:
    explicit client_scope(const std::function<bool()> & has_left) : before_(current()) { current() = &has_left; }

    ~client_scope() { current() = before_; }

    client_scope(const client_scope &)             = delete;
    client_scope & operator=(const client_scope &) = delete;

    using question = const std::function<bool()> *;

    static question & current() {
        static thread_local question scope = nullptr;
        return scope;
    }

  private:
    question before_;
};

// Throws client_left_error where the client of this thread's work has left.
inline void check_client() {
    const auto * has_left = client_scope::current();
    if (has_left && *has_left && (*has_left)()) {
        throw client_left_error();
    }
}

// The same for one of many steps: asking takes a system call, so some of them ask.
inline void check_client_at_times(size_t steps = 1) {
    static constexpr size_t    steps_between = 4096;
    static thread_local size_t since         = 0;
    since += steps;
    if (since >= steps_between) {
        since = 0;
        check_client();
    }
}

// JSON: what copies and writes it recurses, and a value takes some ten times the bytes that it has in the text.
constexpr size_t most_json_levels = 200;
constexpr size_t most_json_values = size_t(1) << 22;
constexpr size_t most_json_search = size_t(1) << 28;  // some 23,000 members in one object

// Requests.
constexpr size_t most_prompts       = 2048;              // texts in one request, as at OpenAI
constexpr size_t most_text_bytes    = size_t(8) << 20;   // that become tokens, in one text or all documents' queries
constexpr size_t most_setting_bytes = size_t(64) << 20;  // of what each of several prompts holds of its own
constexpr size_t most_setting_text  = size_t(64) << 10;  // of a text among the settings
constexpr size_t most_stops         = 1000;
constexpr size_t most_stop_bytes    = size_t(64) << 10;  // in all
constexpr size_t most_dry_breakers  = 64;                // each is looked for in the whole vocabulary
constexpr size_t most_samplers      = 64;
constexpr size_t most_history       = size_t(1) << 20;     // tokens that samplers look back at
constexpr size_t most_probabilities = size_t(20) * 32768;  // of tokens, in one answer
constexpr size_t most_body_bytes    = size_t(256) << 20;   // of all requests at the same time
constexpr size_t most_streams       = 64;                  // that ended and can still be read again

// Grammars: parsed, checked and followed by recursion, while every other answer waits.
constexpr size_t most_grammar_bytes    = size_t(1) << 20;
constexpr size_t most_grammar_levels   = 500;               // parentheses in parentheses
constexpr size_t most_grammar_rules    = 50000;             // those that stand for groups and repetitions too
constexpr size_t most_grammar_elements = size_t(1) << 19;   // characters, ranges, names, after repeating
constexpr size_t most_grammar_names    = size_t(16) << 20;  // bytes in all names
constexpr size_t most_grammar_chain    = 5000;              // rules that begin with a rule that begins with a rule
constexpr size_t most_grammar_ways     = 4096;              // alternatives that one character could continue
constexpr size_t most_grammar_steps    = size_t(1) << 19;   // elements looked at for one token: a quarter of a second
constexpr size_t most_answer_steps     = size_t(1) << 26;   // for all tokens of an answer
constexpr size_t most_trigger_bytes    = 4096;              // of a word that starts a grammar
constexpr size_t most_triggers         = 100;
constexpr size_t most_grammars_bytes   = size_t(256) << 20;  // of all grammars at the same time

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

// What a JSON text has, the brackets and commas in its strings aside.
struct json_size {
    size_t levels = 0;  // how deep the brackets nest
    size_t values = 0;  // about how many values there are
    size_t search = 0;  // steps to find each member of each object among those before it
};

inline json_size measure_json(const std::string & text) {
    json_size found;
    size_t members[most_json_levels + 1] = {};  // so far, of the object at each level; of deeper ones nothing is kept
    size_t now                           = 0;
    bool   in_string                     = false;
    for (size_t i = 0; i < text.size(); i++) {
        const char letter = text[i];
        if (in_string) {
            i += letter == '\\';
            in_string = letter != '"';
        } else if (letter == '"') {
            in_string = true;
        } else if (letter == '[' || letter == '{') {
            found.values++;
            found.levels = ++now > found.levels ? now : found.levels;
            if (now <= most_json_levels) {
                members[now] = 0;
            }
        } else if ((letter == ']' || letter == '}') && now > 0) {
            now--;
        } else if (letter == ',') {
            found.values++;
        } else if (letter == ':' && now <= most_json_levels) {
            found.search += members[now]++;
        }
    }
    return found;
}

inline size_t json_levels(const std::string & text) {
    return measure_json(text).levels;
}

// Before anything parses `text`. Throws limit_error where that would take too much.
inline void check_json(const std::string & text) {
    const auto found = measure_json(text);
    check_limit("JSON", found.levels, "levels", most_json_levels);
    check_limit("JSON", found.values, "values", most_json_values);
    check_limit("JSON with members that take a search", found.search, "steps", most_json_search);
}

// What a grammar takes of most_grammars_bytes while it lives.
class grammar_place {
  public:
    explicit grammar_place(size_t bytes) : bytes_(bytes) {
        if ((all() += bytes_) > most_grammars_bytes) {
            all() -= bytes_;
            throw no_room_error(
                "grammars of other requests take all the room there is for them: try again in a moment");
        }
    }

    // a copy is made where answers are computed, which throw nothing
    grammar_place(const grammar_place & other) : bytes_(other.bytes_) { all() += bytes_; }

    ~grammar_place() { all() -= bytes_; }

    grammar_place & operator=(const grammar_place &) = delete;

    static std::atomic<size_t> & all() {
        static std::atomic<size_t> bytes{ 0 };
        return bytes;
    }

  private:
    const size_t bytes_;
};

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
