#include "arg.h"
#include "common.h"
#include "support/sample.h"
#include "upstream/option-check.h"

#include <doctest.h>

#include <cstring>

static std::string problem_of(const std::vector<std::string> & arguments) {
    common_params params;
    return find_option_problem(arguments, common_params_parser_init(params, LLAMA_EXAMPLE_SERVER).options,
                               { "--new", "--no-browser" });
}

TEST_CASE("numbers out of their range are named with the range") {
    CHECK(problem_of({ "-c", "-5" }) == "-c: expected 0, or 32 to 2147483647, found \"-5\".");
    CHECK(problem_of({ "--ctx-size", "1" }) == "--ctx-size: expected 0, or 32 to 2147483647, found \"1\".");
    CHECK(problem_of({ "--temp", "0", "-b", "0" }) == "-b: expected 32 to 2147483647, found \"0\".");
    CHECK(problem_of({ "--batch_size", "1" }) == "--batch_size: expected 32 to 2147483647, found \"1\".");
    for (const char * text : { "0", "-5", "513", "two", "", "2x", "99999999999999999999", "1e3" }) {
        CHECK_MESSAGE(problem_of({ "-t", text }).find("-t: expected -1, or 1 to 512, found") == 0, text);
    }
    CHECK(problem_of({ "-np", "0" }) != "");
    CHECK(problem_of({ "--port", "65536" }) != "");
}

TEST_CASE("decimal numbers too") {
    CHECK(problem_of({ "--temp", "abc" }) == "--temp: expected a number of at least 0, found \"abc\".");
    CHECK(problem_of({ "--top-p", "1.5" }) == "--top-p: expected a number from 0 to 1, found \"1.5\".");
    for (const char * text : { "", "5x", "nan", "inf", "-inf", "1e999", "1e-60", "-1", "0,5" }) {
        CHECK_MESSAGE(problem_of({ "--temp", text }).find("--temp: expected a number of at least 0, found") == 0, text);
    }
    CHECK(problem_of({ "--adaptive-decay", "0.99", "--temp", "0", "--presence-penalty", "-1.5" }) == "");
    const environment_variable variable("LLAMA_ARG_TEMPERATURE", "hot");
    CHECK(problem_of({}) == "LLAMA_ARG_TEMPERATURE: expected a number of at least 0, found \"hot\".");
}

TEST_CASE("so are numbers in lists and behind names") {
    CHECK(problem_of({ "-ngl", "many" }) == "-ngl: expected a whole number, auto or all, found \"many\".");
    CHECK(problem_of({ "-ts", "3,x" }) == "-ts: expected numbers with commas between them, found \"3,x\".");
    CHECK(problem_of({ "--lora-scaled", "a.gguf:x" }).find("--lora-scaled: expected FILE:NUMBER") == 0);
    CHECK(problem_of({ "--control-vector-layer-range", "1", "x" }) ==
          "--control-vector-layer-range: expected two whole numbers, found \"x\".");
    CHECK(problem_of({ "-ngl", "all", "-ts", "3,1", "--lora-scaled", "a.gguf:0.5,b.gguf:-1", "--fit-target", "64",
                       "--control-vector-layer-range", "1", "2" }) == "");
}

TEST_CASE("every option that takes a whole number refuses what is none") {
    common_params params;
    int           seen = 0;
    for (const auto & option : common_params_parser_init(params, LLAMA_EXAMPLE_SERVER).options) {
        if (option.handler_int) {
            CHECK_MESSAGE(problem_of({ option.args.back(), "many" }) != "", option.args.back());
            CHECK_MESSAGE(problem_of({ option.args.back(), "2147483648" }) != "", option.args.back());
            seen++;
        }
    }
    CHECK(seen > 30);
}

// Whether the message of llama.cpp is only the name of a C++ function.
static bool complains_in_code(const common_arg & option) {
    common_params params;
    try {
        option.handler_string(params, "abc");
    } catch (const std::exception & error) {
        return std::strncmp(error.what(), "sto", 3) == 0;
    }
    return false;
}

TEST_CASE("every option that takes a decimal number refuses what is none") {
    common_params params;
    int           seen = 0;
    for (const auto & option : common_params_parser_init(params, LLAMA_EXAMPLE_SERVER).options) {
        const std::string hint    = option.value_hint ? option.value_hint : "";
        const bool        numbers = hint == "N" || hint == "P" || hint == "L" || hint == "SIMILARITY" ||
                             hint.rfind("N0", 0) == 0 || hint.rfind("P0", 0) == 0 || hint.rfind("MiB", 0) == 0;
        if (option.handler_string && numbers && complains_in_code(option)) {
            CHECK_MESSAGE(problem_of({ option.args.back(), "abc" }) != "", option.args.back());
            seen++;
        }
    }
    CHECK(seen > 30);
}

TEST_CASE("an unknown option leads to the nearest one") {
    CHECK(problem_of({ "--prot", "8080" }) == "\"--prot\" is not an option: did you mean --port?");
    CHECK(problem_of({ "--no-browsr" }) == "\"--no-browsr\" is not an option: did you mean --no-browser?");
    CHECK(problem_of({ "--ctx-size=512" }) ==
          "\"--ctx-size=512\" is not an option: write it with a space, as in --ctx-size 512.");
    CHECK(problem_of({ "--new=yes" }) == "\"--new=yes\" is not an option: did you mean --new?");
    CHECK(problem_of({ "--no-such-option", "-5" }) == "\"--no-such-option\" is not an option.");
    CHECK(problem_of({ "a\x1b" }) == "\"a\xEF\xBF\xBD\" is not an option.");
}

TEST_CASE("good numbers, and the values of other options, are let through") {
    CHECK(problem_of({ "-c", "0", "-b", "2048", "-ub", "512", "-t", "-1", "-np", "1", "-n", "-1" }) == "");
    CHECK(problem_of({ "--alias", "-c", "-c", "4096" }) == "");
}

TEST_CASE("an option that lacks its value is refused") {
    CHECK(problem_of({ "-c" }) == "-c: expected a value after it.");
    CHECK(problem_of({ "--control-vector-layer-range", "1" }) ==
          "--control-vector-layer-range: expected a value after it.");
}

TEST_CASE("a log that cannot be written is refused") {
    CHECK(problem_of({ "--log-file", "/no/such/folder/log" }) ==
          "--log-file: cannot open file '/no/such/folder/log' for writing: No such file or directory.");
    const temporary_file log("before");
    CHECK(problem_of({ "--log-file", log.path() }) == "");
}

static std::string problem_of_grammar(const std::string & grammar) {
    common_params params;
    params.sampling.grammar = { COMMON_GRAMMAR_TYPE_USER, grammar };
    return find_parameter_problem(params);
}

TEST_CASE("a grammar that cannot be read is refused") {
    CHECK(problem_of_grammar("bad((") == "--grammar: llama.cpp cannot read this grammar: expecting ::= at ((.");
    for (const char * grammar : { "root ::= missing", "other ::= \"a\"", "root ::= root \"a\"", "root ::= (",
                                  "%llguidance {}", "root ::= \"a\"{5,2}", "root ::= [a" }) {
        CHECK_MESSAGE(problem_of_grammar(grammar).find("--grammar: llama.cpp cannot read this grammar: ") == 0,
                      grammar);
    }
    CHECK(problem_of_grammar("root ::= \"a\" | \"b\"") == "");
    CHECK(problem_of_grammar(" # a comment\n\nroot ::= other\nother ::= \"b\"\n") == "");
    CHECK(problem_of_grammar("root ::= <think> \"b\"") == "");  // the name of a token of the model
}

TEST_CASE("a control vector that cannot be opened is refused") {
    common_params params;
    params.control_vectors.push_back({ 1, "/no/such.gguf" });
    CHECK(find_parameter_problem(params) ==
          "--control-vector: cannot open file '/no/such.gguf': No such file or directory.");
    const temporary_file there("GGUF");
    params.control_vectors[0].fname = there.path();
    CHECK(find_parameter_problem(params) == "");
}
