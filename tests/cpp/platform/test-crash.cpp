#include "ggml.h"
#include "platform/crash.h"
#include "upstream/aborts.h"

#include <doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

struct ended {
    int         status = -1;  // exit status; -1 if a signal ended it
    std::string said;
};

}  // namespace

// Runs `crash` in a child process that watches for crashes. Returns its exit status and its messages.
static ended watch(const std::function<void()> & crash) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        watch_crashes();
        watch_aborts();
        crash();
        _exit(0);
    }
    close(ends[1]);
    ended result;
    char  buffer[4096];
    for (ssize_t count; (count = read(ends[0], buffer, sizeof(buffer))) > 0;) {
        result.said.append(buffer, size_t(count));
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

static void check_says(const ended & found, int status, const std::string & words) {
    CHECK(found.status == status);
    CHECK_MESSAGE(found.said.find(words) != std::string::npos, found.said);
}

static int nest(int depth) {
    volatile char room[1024] = { char(depth) };
    return depth < 0 ? room[0] : nest(depth + 1) + room[1];
}

TEST_CASE("a stack overflow of any thread ends with a sentence") {
    check_says(watch([] { nest(0); }), exit_crashed, " cannot continue: the stack of a thread is full, ");
    check_says(watch([] { std::thread([] { nest(0); }).join(); }), exit_crashed,
               " cannot continue: the stack of a thread is full, 8192 KiB.");
    check_says(watch([] { std::thread([] { std::thread([] { nest(0); }).join(); }).join(); }), exit_crashed,
               " cannot continue: the stack of a thread is full, 8192 KiB.");
}

TEST_CASE("a wrong access is none of these, and its address is said") {
    check_says(watch([] { *reinterpret_cast<volatile int *>(uintptr_t(64)) = 1; }), exit_crashed,
               "an invalid access to memory (SIGSEGV) at 0x40.");
}

TEST_CASE("what nobody caught is said, and so is what ggml gives up for") {
    check_says(watch([] { std::thread([] { throw std::runtime_error("no such luck"); }).join(); }), exit_crashed,
               "an unexpected error, no such luck.");
    check_says(watch([] { std::thread([] { throw std::bad_alloc(); }).join(); }), exit_memory,
               "there is no more memory for it.");
    check_says(watch([] { abort(); }), exit_crashed, "it stopped itself (SIGABRT).");
}

TEST_CASE("ggml starts no debugger from PATH") {
    const std::string folder = "/tmp/mkexe-debuggers-" + std::to_string(getpid());
    const std::string called = folder + "/called";
    REQUIRE(mkdir(folder.c_str(), 0700) == 0);
    for (const char * name : { "/gdb", "/lldb" }) {
        const int         file = open((folder + name).c_str(), O_WRONLY | O_CREAT, 0700);
        const std::string text = "#!/bin/sh\necho \"$0\" >" + called + "\n";
        REQUIRE(write(file, text.data(), text.size()) == ssize_t(text.size()));
        close(file);
    }
    const auto crash = [&] {
        setenv("PATH", folder.c_str(), 1);
        GGML_ABORT("a block of %d bytes", 7);
    };
    check_says(watch(crash), exit_crashed, "a block of 7 bytes.");
    // an older path in ggml, used if nobody sets a callback
    watch([&] {
        ggml_set_abort_callback(nullptr);
        crash();
    });
    CHECK(access(called.c_str(), F_OK) != 0);
    for (const char * name : { "/gdb", "/lldb", "/called", "" }) {
        std::remove((folder + name).c_str());
    }
}

TEST_CASE("a crash while another thread crashes says one sentence") {
    const auto found = watch([] {
        const auto crash = [] {
            *reinterpret_cast<volatile int *>(uintptr_t(64)) = 1;
        };
        std::thread first(crash), second(crash);
        first.join();
        second.join();
    });
    check_says(found, exit_crashed, "cannot continue");
    CHECK(found.said.find("cannot continue") == found.said.rfind("cannot continue"));
}
