#include "platform/system.h"
#include "support/sample.h"

#include <doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>

using stream = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

TEST_CASE("positions and sizes go past 4 GiB") {
    const temporary_file file("");
    const int64_t        size = int64_t(5) << 30;
    REQUIRE(truncate(file.path().c_str(), size) == 0);  // a hole, which uses no disk space
    const stream opened(open_for_reading(file.path()), std::fclose);
    REQUIRE(opened);
    CHECK(size_of(opened.get()) == size);
    CHECK(seek_to(opened.get(), uint64_t(size) - 1));
    CHECK(std::fgetc(opened.get()) == 0);
    CHECK(std::fgetc(opened.get()) == EOF);
}

TEST_CASE("an opened file is not handed on to child processes") {
    const temporary_file file("text");
    const stream         opened(open_for_reading(file.path()), std::fclose);
    REQUIRE(opened);
    CHECK((fcntl(fileno(opened.get()), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("an environment variable that is not set is empty") {
    CHECK(environment("MKEXE_TEST_VARIABLE") == "");
    const environment_variable variable("MKEXE_TEST_VARIABLE", "Käse");
    CHECK(environment("MKEXE_TEST_VARIABLE") == "Käse");
}
