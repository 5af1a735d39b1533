#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

static float float_of(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// On macOS this expf() is the system's.
TEST_CASE("expf is within 0.51 units in the last place of e^x") {
    // all signs and exponents; the step is a prime number, so that the last bits differ too
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 4093) {
        const float  x     = float_of(uint32_t(bits));
        const double exact = std::exp(double(x));
        if (std::isnan(x) || exact > std::numeric_limits<float>::max()) {
            continue;
        }
        const float  near = float(exact);
        const double unit = double(std::nextafter(near, INFINITY)) - near;
        if (!(std::fabs(expf(x) - exact) <= 0.51 * unit)) {
            CAPTURE(x);
            CHECK(double(expf(x)) == exact);
        }
    }
}

TEST_CASE("expf at the ends of its range") {
    CHECK(expf(0.0f) == 1.0f);
    CHECK(expf(-INFINITY) == 0.0f);
    CHECK(expf(-1e30f) == 0.0f);
    CHECK(expf(-104.0f) == 0.0f);
    CHECK(expf(-103.9f) == std::numeric_limits<float>::denorm_min());
    CHECK(expf(88.72283f) < INFINITY);
    CHECK(expf(88.72284f) == INFINITY);
    CHECK(expf(1e30f) == INFINITY);
    CHECK(expf(INFINITY) == INFINITY);
    CHECK(std::isnan(expf(NAN)));
}
