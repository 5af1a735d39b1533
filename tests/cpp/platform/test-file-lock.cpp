#include "platform/file-lock.h"
#include "support/sample.h"

#include <doctest.h>
#include <sys/wait.h>
#include <unistd.h>

// Takes the lock in another process. Returns the result.
static lock_result take_elsewhere(const std::string & path) {
    const pid_t child = fork();
    if (child == 0) {
        file_lock lock;
        _exit(int(lock.take(path)));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return lock_result(WEXITSTATUS(status));
}

TEST_CASE("a lock is held by one process and ends with it") {
    const temporary_file file("content");
    CHECK(take_elsewhere(file.path()) == lock_result::taken);
    CHECK(take_elsewhere(file.path()) == lock_result::taken);  // the first one has ended
    {
        file_lock lock, other;
        REQUIRE(lock.take(file.path()) == lock_result::taken);
        CHECK(take_elsewhere(file.path()) == lock_result::held_by_another);
        CHECK(other.take("/proc/no-such-folder/lock") == lock_result::failed);
        CHECK(lock.write("more"));
        CHECK_FALSE(other.write("more"));
        other = std::move(lock);
        CHECK(take_elsewhere(file.path()) == lock_result::held_by_another);
    }
    CHECK(take_elsewhere(file.path()) == lock_result::taken);  // its holder has released it
    CHECK(read_lock(file.path()) == "more");
}
