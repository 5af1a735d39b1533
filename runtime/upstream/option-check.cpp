#include "upstream/option-check.h"

#include "arg.h"
#include "artifact/artifact.h"
#include "base/safe-text.h"
#include "base/suggest.h"
#include "common.h"
#include "llama-grammar.h"
#include "platform/files.h"
#include "platform/system.h"
#include "upstream/option-ranges.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

static const common_arg * find_option(const std::vector<common_arg> & options, const std::string & word) {
    auto spelling = word;
    if (word.rfind("--", 0) == 0) {
        std::replace(spelling.begin(), spelling.end(), '_', '-');  // as llama.cpp does
    }
    const common_arg * found = nullptr;
    for (const auto & option : options) {
        for (const auto & names : { option.args, option.args_neg }) {
            for (const char * name : names) {
                found = spelling == name ? &option : found;  // the last one of that name, as llama.cpp does
            }
        }
    }
    return found;
}

static size_t count_values(const common_arg & option) {
    return option.handler_int || option.handler_string ? 1 : option.handler_str_str ? 2 : 0;
}

static std::string unknown_problem(const std::string &              word,
                                   const std::vector<common_arg> &  options,
                                   const std::vector<std::string> & own_names) {
    const auto   begin  = "\"" + safe_line(word) + "\" is not an option";
    const auto   equals = word.find('=');
    const auto   name   = word.substr(0, equals);
    const auto * option = equals == std::string::npos ? nullptr : find_option(options, name);
    if (option && count_values(*option) == 1) {
        return begin + ": write it with a space, as in " + safe_line(name + " " + word.substr(equals + 1)) + ".";
    }
    auto known = own_names;
    for (const auto & one : options) {
        known.insert(known.end(), one.args.begin(), one.args.end());
        known.insert(known.end(), one.args_neg.begin(), one.args_neg.end());
    }
    return begin + did_you_mean(name, known);
}

static bool is_named(const common_arg & option, const char * name) {
    return std::any_of(option.args.begin(), option.args.end(),
                       [&](const char * one) { return !std::strcmp(one, name); });
}

// llama.cpp does not check whether it could open its log.
static std::string log_problem(const std::string & name, const std::string & path) {
    if (const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "a"), std::fclose); file) {
        return "";
    }
    return name + ": cannot open file '" + safe_line(path) + "' for writing: " + std::strerror(errno) + ".";
}

static std::string value_problem(const std::string & name, const common_arg & option, const std::string & text) {
    const auto problem = find_value_problem(name, option, text);
    return problem.empty() && is_named(option, "--log-file") ? log_problem(name, text) : problem;
}

static std::string problem_in_environment(const std::vector<common_arg> & options) {
    for (const auto & option : options) {
        const auto value   = count_values(option) == 1 && option.env ? environment(option.env) : "";
        const auto problem = value.empty() ? "" : value_problem(option.env, option, value);
        if (!problem.empty()) {
            return problem;
        }
    }
    return "";
}

std::string find_option_problem(const std::vector<std::string> & arguments,
                                const std::vector<common_arg> &  options,
                                const std::vector<std::string> & own_names) {
    for (size_t i = 0; i < arguments.size(); i++) {
        const auto & name   = arguments[i];
        const auto * option = find_option(options, name);
        if (!option) {
            return unknown_problem(name, options, own_names);
        }
        for (size_t left = count_values(*option); left > 0; left--) {
            if (++i >= arguments.size()) {
                return name + ": expected a value after it.";
            }
            if (const auto problem = value_problem(name, *option, arguments[i]); !problem.empty()) {
                return problem;
            }
        }
    }
    return problem_in_environment(options);
}

// The first rule of a grammar, after white space and comments.
static const char * skip_comments(const char * text) {
    while (*text && std::strchr(" \t\r\n#", *text)) {
        text += *text == '#' ? std::strcspn(text, "\n") : 1;
    }
    return text;
}

// Why llama.cpp cannot read a grammar. A grammar may name tokens of the model, which is not loaded yet: then the rest
// of the grammar is not checked.
static std::string grammar_problem(const std::string & grammar) {
    try {
        llama_grammar_parser parser;
        for (const char * text = skip_comments(grammar.c_str()); *text;) {
            text = parser.parse_rule(text);
        }
        const std::unique_ptr<llama_grammar, void (*)(llama_grammar *)> made(
            llama_grammar_init_impl(nullptr, grammar.c_str(), "root", false, nullptr, 0, nullptr, 0),
            llama_grammar_free_impl);
        return made ? "" : "the rule root or another one is missing, or a rule begins with itself";
    } catch (const std::exception & error) {
        const std::string cause = error.what();
        return cause.find("no vocab") == 0 ? "" : safe_line(cause.substr(0, std::min<size_t>(cause.find('\n'), 120)));
    }
}

std::string find_parameter_problem(const common_params & params) {
    const auto & grammar = params.sampling.grammar;
    if (!grammar.grammar.empty()) {
        const auto cause = grammar_problem(grammar.grammar);
        const bool own   = grammar.type == COMMON_GRAMMAR_TYPE_USER;
        if (!cause.empty()) {
            return std::string(own ? "--grammar" : "--json-schema") + ": llama.cpp cannot read this grammar: " + cause +
                   ".";
        }
    }
    for (const auto & vector : params.control_vectors) {
        const bool inside = vector.fname.rfind(artifact_path_prefix, 0) == 0;
        if (const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(
                inside ? nullptr : open_for_reading(vector.fname), std::fclose);
            !file && !inside) {
            return "--control-vector: cannot open file '" + safe_line(vector.fname) + "': " + reading_problem() + ".";
        }
    }
    return "";
}
