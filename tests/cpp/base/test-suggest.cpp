#include "base/suggest.h"

#include <doctest.h>

static const std::vector<std::string> names = { "-c",     "--ctx-size", "--port",     "--no-browser",
                                                "--host", "--threads",  "--portable", "serve" };

TEST_CASE("a mistyped word leads to the nearest one") {
    CHECK(nearest_word("--prot", names) == "--port");
    CHECK(nearest_word("--ctxsize", names) == "--ctx-size");
    CHECK(nearest_word("--portabel", names) == "--portable");
    CHECK(nearest_word("--thread", names) == "--threads");
    CHECK(nearest_word("--no-brow", names) == "--no-browser");
    CHECK(nearest_word("sevre", names) == "serve");
    CHECK(nearest_word("SERVE", { "serve" }).empty());
}

TEST_CASE("another word leads to none") {
    for (const char * word : { "", "-", "--", "-x", "--bogus", "frobnicate", "8080", "--no-such-option" }) {
        CHECK_MESSAGE(nearest_word(word, names).empty(), word);
    }
    CHECK(nearest_word(std::string(100000, 'a'), names).empty());
    CHECK(nearest_word("--prot", {}).empty());
}

TEST_CASE("the end of a sentence says it") {
    CHECK(did_you_mean("--prot", names) == ": did you mean --port?");
    CHECK(did_you_mean("--bogus", names) == ".");
}
