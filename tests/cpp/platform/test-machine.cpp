#include "platform/machine.h"

#include <doctest.h>

static int threads_of(int fast_cores, double quota) {
    machine_facts machine;
    machine.logical    = 32;
    machine.cores      = 16;
    machine.fast_cores = fast_cores;
    machine.quota      = quota;
    return default_threads(machine);
}

TEST_CASE("one thread per fast core, no more than the quota pays for") {
    CHECK(threads_of(8, 0) == 8);
    CHECK(threads_of(8, 2) == 2);
    CHECK(threads_of(8, 2.5) == 3);
    CHECK(threads_of(8, 0.1) == 1);
    CHECK(threads_of(8, 100) == 8);
    CHECK(threads_of(1, 0) == 1);
}

TEST_CASE("this machine's facts fit together") {
    const auto machine = read_machine();
    CHECK(machine.fast_cores >= 1);
    CHECK(machine.fast_cores <= machine.cores);
    CHECK(machine.cores <= machine.logical);
    CHECK(machine.memory > 0);
    CHECK(machine.memory_free <= machine.memory);
}
