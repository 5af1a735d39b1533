#include "platform/program-folders.h"

#include <doctest.h>
#include <unistd.h>

#include <algorithm>

TEST_CASE("which files of that folder are programs") {
    for (const char * name : { "0123456789abcdef", "0123456789abcdef.exe" }) {
        CHECK_MESSAGE(is_stored_program(name), name);
    }
    for (const char * name : { "", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0", "0123456789abcdef.lock",
                               "0123456789ABCDEF", "notes.exe" }) {
        CHECK_FALSE_MESSAGE(is_stored_program(name), name);
    }
}

TEST_CASE("which were not finished") {
    for (const char * name : { "0123456789abcdef.17", "0123456789abcdef.17x", "0123456789abcdef-1234512345" }) {
        CHECK_MESSAGE(is_unfinished_program(name), name);
    }
    for (const char * name :
         { "", "0123456789abcdef", "0123456789abcdef.", "0123456789abcdef.x", "0123456789abcdef.17y",
           "0123456789abcdef-", "0123456789abcdef-17x", "notes.17", "0123456789abcdef.exe" }) {
        CHECK_FALSE_MESSAGE(is_unfinished_program(name), name);
    }
}

TEST_CASE("a start that runs is not over") {
    CHECK_FALSE(is_abandoned("/run/0123456789abcdef." + std::to_string(getpid()) + "x"));
    CHECK_FALSE(is_abandoned("/run/0123456789abcdef.1"));
    CHECK_FALSE(is_abandoned("/run/0123456789abcdef.0"));
    CHECK(is_abandoned("/run/0123456789abcdef.4194305"));  // larger than any process id of Linux
}

TEST_CASE("this program runs") {
    char          path[4096];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
    REQUIRE(size > 0);
    const auto programs = running_programs();
    CHECK(std::find(programs.begin(), programs.end(), std::string(path, size_t(size))) != programs.end());
}
