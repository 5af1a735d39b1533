#include "arg.h"
#include "common.h"
#include "upstream/option-ranges.h"

#include <doctest.h>

static std::string problem_of(const std::vector<std::string> & arguments) {
    common_params params;
    return find_number_problem(arguments, common_params_parser_init(params, LLAMA_EXAMPLE_SERVER).options);
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

TEST_CASE("good numbers, and the values of other options, are let through") {
    CHECK(problem_of({ "-c", "0", "-b", "2048", "-ub", "512", "-t", "-1", "-np", "1", "-n", "-1" }) == "");
    CHECK(problem_of({ "--alias", "-c", "-c", "4096" }) == "");
    CHECK(problem_of({ "-c" }) == "");
    CHECK(problem_of({ "--no-such-option", "-5" }) == "");
}
