#pragma once

// Limits for one request, one grammar or one template. Above them, a request could end the program by a stack overflow,
// or keep all others waiting. docs/http-api.md, "Limits", has the numbers. This file includes only the standard library,
// because upstream's libraries include it too (native/patches).

#include <atomic>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

namespace mkexe {

// Thrown if a limit is exceeded. Upstream's server answers with status 400.
struct limit_error : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

// Throws limit_error if `found` exceeds `max`: "a grammar of 60000 rules: at most 50000 are possible".
inline void check_limit(const char * what, size_t found, const char * unit, size_t max) {
    if (found > max) {
        throw limit_error(std::string(what) + " of " + std::to_string(found) + " " + unit + ": at most " +
                          std::to_string(max) + " are possible");
    }
}

// Thrown if a shared budget has no room at the moment. The server answers with status 503.
struct no_room_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Thrown if the client of a request has left, because nobody would read the answer.
struct client_left_error : std::runtime_error {
    client_left_error() : std::runtime_error("the client left before its request was answered") {}
};

// Marks that this thread works for a client until the scope ends. `has_left` returns whether the client has left.
class client_scope {
  public:
    explicit client_scope(const std::function<bool()> & has_left) : previous_(current()) { current() = &has_left; }

    ~client_scope() { current() = previous_; }

    client_scope(const client_scope &)             = delete;
    client_scope & operator=(const client_scope &) = delete;

    using question = const std::function<bool()> *;

    static question & current() {
        static thread_local question scope = nullptr;
        return scope;
    }

  private:
    question previous_;
};

// Throws client_left_error if the client that this thread works for has left.
inline void check_client() {
    const auto * has_left = client_scope::current();
    if (has_left && *has_left && (*has_left)()) {
        throw client_left_error();
    }
}

// The same for one of many steps. The check is a system call, so it happens once in 4096 steps.
inline void check_client_at_times(size_t steps = 1) {
    static constexpr size_t    steps_between = 4096;
    static thread_local size_t since         = 0;
    since += steps;
    if (since >= steps_between) {
        since = 0;
        check_client();
    }
}

// JSON. The code that copies and writes it is recursive. A value in memory takes about ten times the bytes of its text.
constexpr size_t max_json_levels = 200;
constexpr size_t max_json_values = size_t(1) << 22;
constexpr size_t max_json_search = size_t(1) << 28;  // steps; about 23,000 members in one object

// Requests.
constexpr size_t max_prompts    = 2048;             // in one request, as in OpenAI's API
constexpr size_t max_text_bytes = size_t(8) << 20;  // of a text that becomes tokens, or of a query times its documents
constexpr size_t max_setting_bytes = size_t(64) << 20;  // of the settings, which each prompt of a request copies
constexpr size_t max_setting_text  = size_t(64) << 10;  // bytes of one text in the settings
constexpr size_t max_stops         = 1000;              // texts
constexpr size_t max_stop_bytes    = size_t(64) << 10;  // of all of them
constexpr size_t max_dry_breakers  = 64;                // the whole vocabulary is searched for each
constexpr size_t max_samplers      = 64;
constexpr size_t max_history       = size_t(1) << 20;     // tokens that samplers look back at
constexpr size_t max_probabilities = size_t(20) * 32768;  // of tokens, in one answer
constexpr size_t max_body_bytes    = size_t(100) << 20;   // of one request, as CPPHTTPLIB_PAYLOAD_MAX_LENGTH
constexpr size_t body_budget_bytes = size_t(256) << 20;   // of the bodies of all requests at the same time
constexpr size_t max_streams       = 64;                  // that have ended and can still be read

// Grammars. They are parsed, checked and followed by recursion, while all other answers wait.
constexpr size_t max_grammar_bytes    = size_t(1) << 20;
constexpr size_t max_grammar_levels   = 500;               // nested parentheses
constexpr size_t max_grammar_rules    = 50000;             // including those that replace groups and repetitions
constexpr size_t max_grammar_elements = size_t(1) << 19;   // characters, ranges and names, after repetition
constexpr size_t max_grammar_names    = size_t(16) << 20;  // bytes of all names
constexpr size_t max_grammar_chain    = 5000;              // rules, each of which begins with the next
constexpr size_t max_grammar_ways     = 4096;              // alternatives at one character
constexpr size_t max_grammar_steps    = size_t(1) << 19;   // elements visited for one token: a quarter of a second
constexpr size_t max_answer_steps     = size_t(1) << 26;   // for all tokens of an answer
constexpr size_t max_trigger_bytes    = 4096;              // of a word that starts a lazy grammar
constexpr size_t max_triggers         = 100;
constexpr size_t grammar_budget_bytes = size_t(256) << 20;  // of the grammars of all requests at the same time

// JSON schemas. They become grammars.
constexpr size_t max_schema_levels = 200;  // through $ref
constexpr size_t max_schema_nodes  = 20000;
constexpr size_t max_schema_steps  = size_t(1) << 19;

// Chat templates. They are parsed and run by recursion.
constexpr size_t max_template_levels = 1000;     // nested blocks and expressions in the text
constexpr size_t max_template_links  = 16384;    // operators, members and filters in total
constexpr size_t max_template_calls  = 1000;     // nested calls while it runs, such as macros that call macros
constexpr size_t max_template_steps  = 2000000;  // for one rendering
constexpr size_t max_template_bytes  = size_t(512) << 20;  // of all strings that one rendering creates
constexpr size_t max_template_copies = size_t(4) << 30;    // of all strings that it copies or reads
constexpr size_t max_template_values = 1000000;            // at the same time
constexpr size_t max_template_range  = 100000;             // as in Jinja's sandbox (MAX_RANGE)
constexpr size_t max_template_indent = 100;

// Nested steps of the parser that splits an answer into its parts (tool calls, and the JSON in them).
constexpr size_t max_answer_levels = 5000;

// Counts for a JSON text. Brackets and commas inside its strings do not count.
struct json_size {
    size_t levels = 0;  // of nested brackets
    size_t values = 0;  // approximately
    size_t search = 0;  // steps to find each member of each object among the members before it
};

inline json_size measure_json(const std::string & text) {
    json_size found;
    size_t    members[max_json_levels + 1] = {};  // of the current object at each level; deeper levels do not count
    size_t    level                        = 0;
    bool      in_string                    = false;
    for (size_t i = 0; i < text.size(); i++) {
        const char letter = text[i];
        if (in_string) {
            i += letter == '\\';
            in_string = letter != '"';
        } else if (letter == '"') {
            in_string = true;
        } else if (letter == '[' || letter == '{') {
            found.values++;
            found.levels = ++level > found.levels ? level : found.levels;
            if (level <= max_json_levels) {
                members[level] = 0;
            }
        } else if ((letter == ']' || letter == '}') && level > 0) {
            level--;
        } else if (letter == ',') {
            found.values++;
        } else if (letter == ':' && level <= max_json_levels) {
            found.search += members[level]++;
        }
    }
    return found;
}

inline size_t json_levels(const std::string & text) {
    return measure_json(text).levels;
}

// Call this before `text` is parsed. Throws limit_error if parsing it could take too much time or memory.
inline void check_json(const std::string & text) {
    const auto found = measure_json(text);
    check_limit("JSON", found.levels, "levels", max_json_levels);
    check_limit("JSON", found.values, "values", max_json_values);
    check_limit("JSON with members that take a search", found.search, "steps", max_json_search);
}

// The share of grammar_budget_bytes that a grammar takes while it exists.
class grammar_place {
  public:
    explicit grammar_place(size_t bytes) : bytes_(bytes) {
        if ((all() += bytes_) > grammar_budget_bytes) {
            all() -= bytes_;
            throw no_room_error("grammars of other requests use all the memory for grammars: try again in a moment");
        }
    }

    // does not throw, because the inference loop makes copies and catches nothing
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

// Counts one level of a recursion until the scope ends. Throws limit_error if there are too many levels.
class level_guard {
  public:
    level_guard(size_t & level, const char * what, size_t max) : level_(level) {
        check_limit(what, level_ + 1, "levels", max);
        level_++;
    }

    ~level_guard() { level_--; }

    level_guard(const level_guard &)             = delete;
    level_guard & operator=(const level_guard &) = delete;

  private:
    size_t & level_;
};

}  // namespace mkexe
