#include "server/slots.h"

#include <doctest.h>

static uint64_t gigabytes(double count) {
    return uint64_t(count * 1e9);
}

// The slots for a model that needs `each` GB for one slot, and 1 GB for its context.
static int slots_of(double each, double free) {
    return slots_for(gigabytes(free), [&](int slots) { return gigabytes(1 + each * slots); });
}

TEST_CASE("as many slots as take an eighth of the free memory, no more than eight") {
    CHECK(slots_of(0, 8) == 8);
    CHECK(slots_of(0.14, 8) == 8);
    CHECK(slots_of(0.2, 8) == 4);
    CHECK(slots_of(0.9, 8) == 2);
    CHECK(slots_of(2, 8) == 1);
    CHECK(slots_of(0, 0.1) == 8);
}

TEST_CASE("where nobody knows what slots need, there are as many as upstream takes") {
    CHECK(slots_for(gigabytes(8), [](int) { return uint64_t(0); }) == 4);
    CHECK(slots_for(0, [](int) { return gigabytes(1); }) == 4);
}
